/**
 * Turns text into token ids and back, from the vocabulary in a model file, with the very ids that
 * the model was trained on.
 */
package dev.slipstream.engine.tokenizer;
