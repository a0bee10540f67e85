package dev.slipstream.engine.architecture;

import dev.slipstream.engine.architecture.FeedForwardConfig.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * Gemma 3 text models (arXiv 2503.19786): five blocks with a local window for each one that sees
 * the whole text, each kind with its own rotation; norms before and after both parts of a block, a
 * GELU gate, scaled embeddings.
 */
final class GemmaArchitecture implements Architecture {
  private static final String WINDOW = "attention.sliding_window";
  private static final String PATTERN = "attention.sliding_window_pattern";
  private static final String ATTENTION_CAP = "attn_logit_softcapping";
  private static final int DEFAULT_PATTERN = 6;
  private static final float LOCAL_ROPE_BASE = 10_000;

  /** The one size whose queries are scaled by the stream's width per head, not by the head's. */
  private static final int BLOCKS_OF_27B = 62;

  @Override
  public List<String> names() {
    return List.of("gemma3");
  }

  @Override
  public ModelConfig read(ArchitectureKeys keys, int vocabularySize) {
    if (keys.metadata().number(keys.name(ATTENTION_CAP)).orElse(0) != 0) {
      throw keys.invalid(ATTENTION_CAP, "is not 0: capped attention scores are not supported");
    }
    int dimension = keys.dimension();
    HeadConfig heads = keys.heads(dimension);
    return new ModelConfig(
        keys.architecture(),
        dimension,
        vocabularySize,
        keys.contextLength(),
        keys.normEpsilon(),
        heads,
        blocks(keys, dimension, heads),
        new ScaleConfig(
            (float) Math.sqrt(dimension), 1, 1, keys.scale("final_logit_softcapping", 0)));
  }

  private static List<BlockConfig> blocks(ArchitectureKeys keys, int dimension, HeadConfig heads) {
    int count = keys.blockCount();
    FeedForwardConfig feedForward = keys.feedForward(Activation.GELU);
    float scale =
        (float)
            (1
                / Math.sqrt(
                    count == BLOCKS_OF_27B ? dimension / heads.queries() : heads.dimension()));
    RopeConfig rope = RopeConfig.of(keys, heads.dimension(), RopeConfig.Pairing.HALVES);
    AttentionConfig global = new AttentionConfig(scale, AttentionConfig.WHOLE_TEXT, true, rope);
    AttentionConfig local = global;
    if (keys.metadata().integer(keys.name(WINDOW)).orElse(0) != 0) {
      float base = RopeConfig.base(keys, "rope.freq_base_swa", LOCAL_ROPE_BASE);
      local =
          new AttentionConfig(
              scale, keys.size(WINDOW, keys.contextLength()), true, rope.unscaled(base));
    }
    int pattern = keys.size(PATTERN, DEFAULT_PATTERN, Integer.MAX_VALUE);
    List<BlockConfig> blocks = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      boolean isLocal = i % pattern < pattern - 1;
      blocks.add(new BlockConfig(isLocal ? local : global, feedForward, true));
    }
    return blocks;
  }
}
