package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.TreeVerifier;
import dev.slipstream.engine.speculation.Verdict;

/** A text's last token and a tree of tokens that may follow, of which a path does. */
final class Verify implements Work {
  private final Decoding sequence;
  private final DraftTree tree;
  private int root;

  @SuppressWarnings("NullAway.Init") // A work is judged before it is settled.
  private Verdict verdict;

  /**
   * @param sequence one that decodes
   * @param tree not empty
   */
  Verify(Decoding sequence, DraftTree tree) {
    this.sequence = sequence;
    this.tree = tree;
  }

  @Override
  public Decoding sequence() {
    return sequence;
  }

  @Override
  public int rows() {
    return 1 + tree.size();
  }

  @Override
  public int logitRows() {
    return rows();
  }

  @Override
  public boolean isOfAnswer() {
    return true;
  }

  @Override
  public void fill(Batch batch) {
    root = Work.fillChain(batch, sequence, 1, true);
    for (int node = 0; node < tree.size(); node++) {
      batch.add(sequence.kv(), tree.token(node), row(tree.parent(node)), true);
    }
  }

  /** {@link DraftTree#ROOT} is -1, and its row the one before the first node's. */
  private int row(int node) {
    return root + 1 + node;
  }

  @Override
  public void judge(ComputedPass pass) {
    verdict =
        TreeVerifier.verify(
            tree,
            pass.logits(),
            node -> pass.offset(row(node)),
            sequence.sampler,
            sequence.history);
    pass.requireFinite(root);
    for (int node : verdict.acceptedNodes()) {
      pass.requireFinite(row(node));
    }
  }

  @Override
  public void commit(ComputedPass pass, Settlement settlement) {
    int[] path = new int[1 + verdict.accepted()];
    for (int i = 1; i < path.length; i++) {
      path[i] = row(verdict.acceptedNodes()[i - 1]) - root;
    }
    sequence.kv().commitPath(path, path.length);
    settlement.commit(sequence, root, tree, verdict, pass);
  }
}
