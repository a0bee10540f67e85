package dev.slipstream.drafting.toy;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Learns from the target what follows each token: where one of its tokens was refused, it keeps
 * what the target thought likeliest there. Of a token that it knows nothing of yet, it says that
 * the same comes again, so as to be refused.
 */
public final class LearningDrafter implements Drafter {
  public static final String NAME = "learning";
  private static final int TEACHER_TOKENS = 4;

  /** Contexts of the texts that were opened, and all lessons in order. */
  public final List<DraftContext> contexts = Collections.synchronizedList(new ArrayList<>());

  public final List<VerifiedDraft> lessons = Collections.synchronizedList(new ArrayList<>());
  private final Map<Integer, TeacherProbabilities> successors = new ConcurrentHashMap<>();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "Learns the target's successors of each token";
  }

  @Override
  public int teacherTokens() {
    return TEACHER_TOKENS;
  }

  @Override
  public DraftSession open(DraftContext context) {
    contexts.add(context);
    return new DraftSession() {
      private final List<Integer> text = new ArrayList<>();

      @Override
      public void observe(Progress progress) {
        for (int token : progress.tokens()) {
          text.add(token);
        }
        for (VerifiedDraft draft : progress.verified()) {
          lessons.add(draft);
          int refusedAfter = text.get(draft.baseLength() + draft.accepted() - 1);
          draft.refusal().ifPresent(teacher -> successors.put(refusedAfter, teacher));
        }
      }

      @Override
      public Optional<DraftTree> propose(DraftBudget budget) {
        DraftTreeBuilder tree = DraftTree.builder(Integer.MAX_VALUE, budget.nodes());
        int last = text.getLast();
        for (int n = 0; n < Math.min(4, budget.nodes()); n++) {
          TeacherProbabilities teacher = successors.get(last);
          if (teacher == null) {
            tree.add(last, n - 1, NodeOrigin.of(NAME, 0.1));
            break;
          }
          last = teacher.tokens()[0];
          tree.add(last, n - 1, NodeOrigin.of(NAME, teacher.probabilities()[0]));
        }
        return Optional.of(tree.build());
      }

      @Override
      public void close() {}
    };
  }
}
