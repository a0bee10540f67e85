/**
 * Attention of a batch's rows over the paged KV, as scalar and vector kernels with the same bits.
 */
@NullMarked
package dev.slipstream.engine.attention;

import org.jspecify.annotations.NullMarked;
