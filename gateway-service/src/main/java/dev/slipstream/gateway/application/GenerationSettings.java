package dev.slipstream.gateway.application;

import java.time.Duration;

/**
 * Limits of what is done for an answer.
 *
 * @param maxAnswers answers under way at a time; more are refused
 * @param answerLimit longest time from the start of an answer to its end
 * @param patience longest wait for a target, when none is left
 * @param quarantine how long a request is refused that targets have failed over
 */
public record GenerationSettings(
    int maxAnswers, Duration answerLimit, Duration patience, Duration quarantine) {}
