/** Reads model files in GGUF format: metadata, tensor directory and memory-mapped tensor data. */
@NullMarked
package dev.slipstream.models.gguf;

import org.jspecify.annotations.NullMarked;
