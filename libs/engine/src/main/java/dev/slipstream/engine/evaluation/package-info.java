/**
 * How well a model predicts a text, and how far its predictions are from another model's: the
 * figures of llama-perplexity, computed as it computes them but without rounding in between.
 */
@NullMarked
package dev.slipstream.engine.evaluation;

import org.jspecify.annotations.NullMarked;
