package dev.slipstream.standalone.chat;

import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.proto.v1.SpeculationOptions;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How to answer.
 *
 * @param temperature 0 is greedy
 * @param maxTokens of one answer; empty means until the model stops
 * @param seed for temperatures above 0; empty means another one each time
 */
public record ChatOptions(
    float temperature, OptionalInt maxTokens, OptionalLong seed, boolean speculation) {

  SamplingParams sampling() {
    var sampling = SamplingParams.newBuilder().setTemperature(temperature);
    seed.ifPresent(sampling::setSeed);
    return sampling.build();
  }

  SpeculationOptions speculationOptions() {
    return SpeculationOptions.newBuilder()
        .setMode(
            speculation
                ? SpeculationMode.SPECULATION_MODE_AUTO
                : SpeculationMode.SPECULATION_MODE_OFF)
        .build();
  }
}
