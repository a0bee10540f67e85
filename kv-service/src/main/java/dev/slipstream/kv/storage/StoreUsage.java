package dev.slipstream.kv.storage;

/**
 * @param blocks blocks held; may lag behind by those being evicted
 * @param bytes bytes reserved for blocks, rounding included; at most {@code capacityBytes}
 * @param capacityBytes bytes that blocks may take
 * @param evictions blocks dropped so far to stay within the capacity
 */
public record StoreUsage(long blocks, long bytes, long capacityBytes, long evictions) {}
