/**
 * Rewrites model files in other weight formats. The encoders are ggml's reference quantisers, bit
 * for bit.
 */
package dev.slipstream.engine.quantization;
