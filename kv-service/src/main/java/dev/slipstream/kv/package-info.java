/**
 * Hosts shared KV blocks: {@code transport} (gRPC) calls {@code application}, which keeps the
 * blocks in a {@code storage.BlockStore}; {@code memory} is the one that lives in this process,
 * {@code redis} the one that replicas share.
 */
@NullMarked
package dev.slipstream.kv;

import org.jspecify.annotations.NullMarked;
