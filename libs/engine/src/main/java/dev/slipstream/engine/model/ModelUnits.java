package dev.slipstream.engine.model;

import dev.slipstream.engine.model.TransformerLayer.AttentionWeights;
import dev.slipstream.engine.model.TransformerLayer.FeedForwardWeights;
import dev.slipstream.engine.weights.WeightUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a model as units.
 *
 * @param attention of every block
 * @param feedForward of every block
 * @param head the same unit as the embeddings where the two are tied
 */
record ModelUnits(
    WeightUnit embedding,
    List<WeightUnit> attention,
    List<WeightUnit> feedForward,
    WeightUnit head) {

  static ModelUnits of(TransformerWeights weights) {
    List<WeightUnit> attention = new ArrayList<>();
    List<WeightUnit> feedForward = new ArrayList<>();
    for (TransformerLayer layer : weights.layers()) {
      String block = "blk." + attention.size();
      attention.add(unit(block + ".attention", layer.attention()));
      feedForward.add(unit(block + ".feed_forward", layer.feedForward()));
    }
    WeightUnit embedding = new WeightUnit("embeddings", weights.embedding());
    boolean tied = weights.head() == weights.embedding();
    WeightUnit head = tied ? embedding : new WeightUnit("head", weights.head());
    return new ModelUnits(embedding, List.copyOf(attention), List.copyOf(feedForward), head);
  }

  private static WeightUnit unit(String name, AttentionWeights w) {
    return new WeightUnit(
        name, w.query().weight(), w.key().weight(), w.value().weight(), w.output().weight());
  }

  private static WeightUnit unit(String name, FeedForwardWeights w) {
    return new WeightUnit(name, w.gate().weight(), w.up().weight(), w.down().weight());
  }

  /** All of them in the order in which a pass needs them; tied embeddings come twice. */
  List<WeightUnit> inOrder() {
    List<WeightUnit> units = new ArrayList<>();
    units.add(embedding);
    for (int i = 0; i < attention.size(); i++) {
      units.add(attention.get(i));
      units.add(feedForward.get(i));
    }
    units.add(head);
    return List.copyOf(units);
  }
}
