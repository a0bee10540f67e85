package dev.slipstream.kv.application;

/**
 * Counts since the start, in blocks.
 *
 * @param queries asked for with match
 * @param hits matched, up to the first missing one of each chain
 * @param fetched handed out
 * @param stored taken in
 * @param skipped offered, but there already or declined
 * @param discarded deleted because they were of no use to a reader
 */
public record CacheStats(
    long queries, long hits, long fetched, long stored, long skipped, long discarded) {}
