package dev.slipstream.gateway.http;

import java.time.Duration;

/**
 * @param maxBodyBytes largest request body
 * @param keepAlive how often an event stream gets a comment line
 * @param requestTimeout longest wait for a request's header, and for its body
 * @param bodyPause longest time in which nothing of a body comes
 * @param maxConnections that are open at a time
 */
public record HttpSettings(
    int maxBodyBytes,
    Duration keepAlive,
    Duration requestTimeout,
    Duration bodyPause,
    int maxConnections) {}
