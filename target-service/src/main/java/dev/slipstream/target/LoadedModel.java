package dev.slipstream.target;

import dev.slipstream.target.application.ServedModel;

/**
 * A model in memory.
 *
 * @param vocabulary the model file's metadata as a GGUF file without tensors
 * @param description one line for the log: species, cores, format
 * @param resources what to close after the last pass
 */
public record LoadedModel(
    ServedModel model, byte[] vocabulary, String description, Runnable resources) {}
