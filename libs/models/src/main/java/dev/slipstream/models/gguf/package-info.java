/** Reads model files in GGUF format: metadata, tensor directory and memory-mapped tensor data. */
package dev.slipstream.models.gguf;
