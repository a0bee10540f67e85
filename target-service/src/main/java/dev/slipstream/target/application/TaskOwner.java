package dev.slipstream.target.application;

/**
 * Who wants something computed.
 *
 * @param requestId for logs
 * @param tenant whose cached prefixes may be used
 */
public record TaskOwner(String requestId, String tenant) {}
