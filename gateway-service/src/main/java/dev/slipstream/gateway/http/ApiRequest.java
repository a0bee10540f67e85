package dev.slipstream.gateway.http;

import dev.slipstream.proto.v1.GenerateRequest;
import java.util.List;

/**
 * A request to one of the completion endpoints.
 *
 * @param prompts one for each prompt; equal but for that
 * @param n answers to each prompt
 * @param bestOf answers that are made to each prompt, of which these are the best; at least {@code
 *     n}
 * @param includeUsage whether a stream ends with a chunk that holds the usage
 * @param returnTokenIds whether choices have {@code token_ids} and {@code prompt_token_ids}
 * @param echo whether the answer's text starts with the prompt
 * @param user the client's label for its user; may be empty
 */
record ApiRequest(
    List<GenerateRequest> prompts,
    int n,
    int bestOf,
    boolean stream,
    boolean includeUsage,
    boolean returnTokenIds,
    boolean echo,
    String user) {}
