package dev.slipstream.gateway.spi;

/**
 * What is particular to one sequence of a request.
 *
 * @param seed of its draws
 * @param logprobs whether its tokens must have log-probabilities, asked for by the client or not
 */
public record SequenceOptions(long seed, boolean logprobs) {}
