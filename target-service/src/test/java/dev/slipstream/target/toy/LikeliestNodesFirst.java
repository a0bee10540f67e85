package dev.slipstream.target.toy;

import dev.slipstream.target.spi.DraftAllocator;
import java.util.List;

/** Gives row after row to the draft whose next node is the likeliest of all to be accepted. */
public final class LikeliestNodesFirst implements DraftAllocator {
  @Override
  public void allocate(List<? extends Candidate> candidates, int rows) {
    int[] nodes = new int[candidates.size()];
    for (int row = 0; row < rows; row++) {
      int best = -1;
      double most = 0;
      for (int i = 0; i < nodes.length; i++) {
        Candidate draft = candidates.get(i);
        if (nodes[i] < draft.limit()) {
          double gain = draft.expectedTokens(nodes[i] + 1) - draft.expectedTokens(nodes[i]);
          if (gain > most) {
            best = i;
            most = gain;
          }
        }
      }
      if (best < 0) {
        break;
      }
      nodes[best]++;
    }
    for (int i = 0; i < nodes.length; i++) {
      candidates.get(i).verify(candidates.get(i).worthwhile(nodes[i]));
    }
  }
}
