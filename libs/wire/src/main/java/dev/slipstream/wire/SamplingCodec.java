package dev.slipstream.wire;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import java.util.function.LongSupplier;

/** How tokens are chosen. */
public final class SamplingCodec {
  private SamplingCodec() {}

  /**
   * @param seed gives one where the message has none
   * @throws MalformedMessageException naming the parameter that is out of its range
   */
  public static SamplingParams decode(
      dev.slipstream.proto.v1.SamplingParams given, int vocabularySize, LongSupplier seed) {
    given
        .getLogitBiasMap()
        .keySet()
        .forEach(token -> TokenCodec.checkToken("sampling.logit_bias", token, vocabularySize));
    try {
      return new SamplingParams(
          given.hasTemperature() ? given.getTemperature() : 1,
          new Cutoffs(given.getTopK(), given.hasTopP() ? given.getTopP() : 1, given.getMinP()),
          new Penalties(
              given.hasRepetitionPenalty() ? given.getRepetitionPenalty() : 1,
              given.getPresencePenalty(),
              given.getFrequencyPenalty()),
          given.getLogitBiasMap(),
          given.hasSeed() ? given.getSeed() : seed.getAsLong());
    } catch (IllegalArgumentException e) {
      throw new MalformedMessageException("sampling", e);
    }
  }
}
