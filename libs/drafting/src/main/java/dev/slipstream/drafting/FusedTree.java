package dev.slipstream.drafting;

import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Merges trees that continue the same text: common beginnings are shared, and nodes stand in the
 * order of the probability that the text reaches them, as their drafters estimate it, so that every
 * prefix is the best tree of its size.
 *
 * <p>Among the children of a node each drafter's order is kept. A token that several drafters name
 * is one node, which belongs to the one that is surer of it. Nothing here looks at the value of a
 * token that was drawn: its place follows from its {@link NodeOrigin#probability}, which does not
 * depend on that value, and from the tokens before it. If it turns out to equal a sibling, the
 * later of the two vanishes in the earlier, which keeps its place and its q. So what is verified
 * after a sibling is drawn from its q given that it is none of those before it, as {@link
 * DraftTree} demands.
 */
final class FusedTree {
  /** Of nodes whose drafter makes no estimate. */
  private static final double UNKNOWN_PROBABILITY = 0.5;

  private final List<Source> sources;
  private final DraftTreeBuilder tree;
  private final PriorityQueue<Option> options =
      new PriorityQueue<>(
          Comparator.comparingDouble((Option option) -> -option.reached)
              .thenComparingInt(option -> option.order));
  private int order;

  /** One drafter's tree. */
  record Source(String drafter, DraftTree tree) {}

  /** A node of a source's tree; its token may be found in other trees too. */
  private record Place(int source, int node) {}

  /** A child of a fused node: where it comes from, and all places that have its token there. */
  private record Child(int token, double probability, NodeOrigin origin, List<Place> places) {}

  /** The next of some siblings that may be added, and those after it. */
  private record Option(
      double reached, int order, int parent, double parentReached, List<Child> siblings) {}

  private FusedTree(List<Source> sources, int maxNodes) {
    this.sources = sources;
    this.tree = DraftTree.builder(Integer.MAX_VALUE, maxNodes);
  }

  /**
   * @param sources in the order that decides between equals
   */
  static DraftTree of(List<Source> sources, int maxNodes) {
    return new FusedTree(sources, maxNodes).build(maxNodes);
  }

  private DraftTree build(int maxNodes) {
    List<Place> roots = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      roots.add(new Place(i, DraftTree.ROOT));
    }
    offer(DraftTree.ROOT, 1, children(roots));
    while (tree.size() < maxNodes && !options.isEmpty()) {
      Option option = options.remove();
      Child child = option.siblings.getFirst();
      int node = tree.add(child.token, option.parent, child.origin);
      offer(
          option.parent, option.parentReached, option.siblings.subList(1, option.siblings.size()));
      offer(node, option.reached, children(child.places));
    }
    return tree.build();
  }

  private void offer(int parent, double parentReached, List<Child> siblings) {
    if (!siblings.isEmpty()) {
      double reached = parentReached * siblings.getFirst().probability;
      options.add(new Option(reached, order++, parent, parentReached, siblings));
    }
  }

  /** What follows these places, one child for each token, the likeliest first. */
  private List<Child> children(List<Place> places) {
    List<Child> all = new ArrayList<>();
    for (Place place : places) {
      addChildren(place, all);
    }
    all.sort(Comparator.comparingDouble(child -> -child.probability));
    Map<Integer, Child> byToken = new LinkedHashMap<>();
    for (Child child : all) {
      Child known = byToken.putIfAbsent(child.token, child);
      if (known != null) {
        known.places.addAll(child.places);
      }
    }
    return List.copyOf(byToken.values());
  }

  private void addChildren(Place parent, List<Child> all) {
    Source source = sources.get(parent.source);
    double most = 1;
    for (int n = source.tree.firstChild(parent.node);
        n != DraftTree.NONE;
        n = source.tree.nextSibling(n)) {
      NodeOrigin origin = labelled(source.tree.origin(n), source.drafter);
      most = Math.min(most, origin.hasProbability() ? origin.probability() : UNKNOWN_PROBABILITY);
      List<Place> places = new ArrayList<>(List.of(new Place(parent.source, n)));
      all.add(new Child(source.tree.token(n), most, origin, places));
    }
  }

  private static NodeOrigin labelled(NodeOrigin origin, String drafter) {
    return new NodeOrigin(origin.sourceOr(drafter), origin.probability(), origin.q());
  }
}
