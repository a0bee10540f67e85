package dev.slipstream.drafting.toy;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Continues a text by counting up from its last token, and keeps what it is told. */
public final class CountingDrafter implements Drafter {
  public final List<VerifiedDraft> verified = new ArrayList<>();

  /** Of the last session. */
  public DraftContext context;

  /** Sessions that have not been closed. */
  public int open;

  public boolean knowsNothing;
  public boolean hasNews = true;

  /** What it fails with, or null. */
  public Throwable broken;

  private final int teacherTokens;

  public CountingDrafter(int teacherTokens) {
    this.teacherTokens = teacherTokens;
  }

  @Override
  public String name() {
    return "counting";
  }

  @Override
  public String description() {
    return "counts";
  }

  @Override
  public int teacherTokens() {
    return teacherTokens;
  }

  @Override
  public DraftSession open(DraftContext of) {
    context = of;
    open++;
    return new Session();
  }

  private final class Session implements DraftSession {
    private int last;

    @Override
    public void observe(Progress progress) {
      int[] tokens = progress.tokens();
      last = tokens.length == 0 ? last : tokens[tokens.length - 1];
      verified.addAll(progress.verified());
    }

    @Override
    public Optional<DraftTree> propose(DraftBudget budget) {
      switch (broken) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalArgumentException(broken);
      }
      if (!hasNews) {
        return Optional.empty();
      }
      return Optional.of(knowsNothing ? DraftTree.empty() : count(budget.nodes()));
    }

    private DraftTree count(int nodes) {
      return DraftTree.chain(
          Integer.MAX_VALUE, IntStream.rangeClosed(last + 1, last + nodes).toArray());
    }

    @Override
    public void close() {
      open--;
    }
  }
}
