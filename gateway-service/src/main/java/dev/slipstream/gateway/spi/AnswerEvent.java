package dev.slipstream.gateway.spi;

/**
 * Something happens to one of the answers to a prompt.
 *
 * @param choice from 0; the client is shown those below {@link AnswerRequest#n}, and all count as
 *     generated
 */
public record AnswerEvent(int choice, GenerationEvent event) {}
