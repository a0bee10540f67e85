package dev.slipstream.kv.application;

import java.time.Duration;

/**
 * What blocks may take of the heap while they come and go.
 *
 * @param inFlightBytes for those that come, and as much again for those that go; at least {@code
 *     maxBlockBytes}
 * @param maxBlockBytes largest block
 * @param patience how long a stream may be silent while others wait for its turn
 */
public record TransferLimits(long inFlightBytes, int maxBlockBytes, Duration patience) {}
