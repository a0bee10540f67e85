/**
 * Attention of a batch's rows over the paged KV, as scalar and vector kernels with the same bits.
 */
package dev.slipstream.engine.attention;
