package dev.slipstream.gateway.upstream;

import java.time.Duration;

/**
 * How a target is watched.
 *
 * @param interval from one question to the next, as long as it answers
 * @param limit how long an answer may take before the target counts as silent
 */
public record Heartbeat(Duration interval, Duration limit) {}
