package dev.slipstream.drafting;

import dev.slipstream.engine.speculation.DraftTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Several drafters as one: what they propose is merged into one tree by {@link FusedTree}. A
 * drafter whose last tree still serves takes part with what is left of that.
 */
public final class FusedDrafter implements Drafter {
  private final String name;
  private final List<Drafter> drafters;

  /**
   * @param drafters at least one; where they are equally sure, the first ones come first
   */
  public FusedDrafter(String name, List<Drafter> drafters) {
    if (drafters.isEmpty()) {
      throw new IllegalArgumentException("nothing to fuse in drafter '" + name + "'");
    }
    this.name = name;
    this.drafters = List.copyOf(drafters);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return drafters.stream()
        .map(Drafter::name)
        .collect(Collectors.joining(" and ", "What ", " find, in one tree"));
  }

  @Override
  public int teacherTokens() {
    return drafters.stream().mapToInt(Drafter::teacherTokens).max().orElse(0);
  }

  @Override
  public DraftSession open(DraftContext context) {
    List<Part> parts = new ArrayList<>();
    try {
      for (Drafter drafter : drafters) {
        parts.add(new Part(drafter.name(), drafter.open(context)));
      }
    } catch (RuntimeException | Error e) {
      parts.forEach(part -> part.session.close());
      throw e;
    }
    return new Session(parts);
  }

  /** One drafter's session, and what is left of its last tree. */
  private static final class Part {
    final String name;
    final DraftSession session;
    DraftTree rest = DraftTree.empty();

    Part(String name, DraftSession session) {
      this.name = name;
      this.session = session;
    }
  }

  private record Session(List<Part> parts) implements DraftSession {
    @Override
    public void observe(Progress progress) {
      for (Part part : parts) {
        part.session.observe(progress);
        part.rest = part.rest.advance(progress.tokens());
      }
    }

    @Override
    public Optional<DraftTree> propose(DraftBudget budget) {
      boolean isNews = false;
      boolean isAnswer = false;
      for (Part part : parts) {
        Optional<DraftTree> tree = part.session.propose(budget);
        if (tree.isPresent()) {
          part.rest = tree.get();
          isNews |= !part.rest.isEmpty();
          isAnswer = true;
        }
      }
      if (!isNews && parts.stream().anyMatch(part -> !part.rest.isEmpty())) {
        return Optional.empty();
      }
      return isAnswer ? Optional.of(fused(budget)) : Optional.empty();
    }

    private DraftTree fused(DraftBudget budget) {
      return FusedTree.of(
          parts.stream().map(part -> new FusedTree.Source(part.name, part.rest)).toList(),
          budget.nodes());
    }

    /** All of them, whatever one of them says. */
    @Override
    public void close() {
      RuntimeException failure = null;
      for (Part part : parts) {
        try {
          part.session.close();
        } catch (RuntimeException e) {
          failure = e;
        }
      }
      if (failure != null) {
        throw failure;
      }
    }
  }
}
