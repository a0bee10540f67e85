/**
 * Rewrites model files in other weight formats. The encoders are ggml's reference quantisers, bit
 * for bit.
 */
@NullMarked
package dev.slipstream.engine.quantization;

import org.jspecify.annotations.NullMarked;
