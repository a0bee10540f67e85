package dev.slipstream.gateway.rpc;

import java.time.Duration;

/**
 * @param requestTimeout longest wait for a call's request
 * @param requestPause longest time in which nothing of it comes
 */
public record RpcSettings(Duration requestTimeout, Duration requestPause) {}
