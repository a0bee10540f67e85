package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.GenerateRequest;

/**
 * A request that is known to be valid, and its prompt as tokens.
 *
 * @param request what was asked for; messages and token ids are left out, as {@code prompt} has
 *     them
 * @param user the client's label for its user, for the log; may be empty
 * @param caller on whose behalf
 * @param seed the request's or, if it has none, a random one; answer i of several uses seed + i
 * @param arrivedNanos {@link System#nanoTime} of the request's arrival
 */
public record PreparedRequest(
    GenerateRequest request,
    String user,
    Caller caller,
    UpstreamModel model,
    int[] prompt,
    long seed,
    long arrivedNanos) {}
