/**
 * Turns text into token ids and back, from the vocabulary in a model file, with the very ids that
 * the model was trained on.
 */
@NullMarked
package dev.slipstream.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
