package dev.slipstream.kv.storage;

/**
 * A copy of a block's bytes, which the caller owns.
 *
 * @param crc32c CRC-32C of {@code data}, as given when it was stored
 */
public record StoredBlock(byte[] data, int crc32c) {}
