package dev.slipstream.target.transport;

import dev.slipstream.target.application.DecodeLoop;
import dev.slipstream.target.application.DecodeMetrics;
import dev.slipstream.target.application.HostedDrafters;
import dev.slipstream.target.application.LoopSettings;
import dev.slipstream.target.application.ServedModel;
import java.time.Instant;

/**
 * A model that is being served.
 *
 * @param vocabulary the model file's metadata as a GGUF file without tensors
 * @param drafters takes sequences for the loop
 * @param loaded when the model was loaded
 */
public record ServedTarget(
    ServedModel model,
    byte[] vocabulary,
    LoopSettings settings,
    DecodeLoop loop,
    HostedDrafters drafters,
    DecodeMetrics metrics,
    Instant loaded) {}
