package dev.slipstream.gateway.http;

import java.time.Duration;

/**
 * @param maxBodyBytes largest request body
 * @param keepAlive time between comment lines of an event stream
 */
public record HttpSettings(int maxBodyBytes, Duration keepAlive) {}
