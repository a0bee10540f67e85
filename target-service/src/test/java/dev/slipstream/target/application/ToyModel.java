package dev.slipstream.target.application;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.model.ForwardPass;
import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.sampling.TokenLogprobs;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A deterministic "model" whose logits depend on every token before, and which knows those only
 * from its KV: it writes a row's token where the keys belong, and reads the committed text back
 * from the blocks. So a block that is lost, swapped, or moved wrongly changes the answer.
 */
public final class ToyModel implements ForwardPass {
  public static final int VOCABULARY = 300;
  public static final int END = 299;
  static final KvLayout LAYOUT = KvLayout.perLayer(1, 1, 1, NamedEncoding.DEFAULT);
  private static final KvSlot SLOT = LAYOUT.slot(0);

  private final float peak;
  private final Set<Integer> banned = new HashSet<>();
  private float[] logits = new float[0];

  /** Passes so far. */
  public final AtomicInteger passes = new AtomicInteger();

  /** Most sequences and rows that shared a pass. */
  public volatile int widest;

  /** Rows computed so far. */
  public final AtomicInteger rows = new AtomicInteger();

  /** A token for which nothing finite can be computed. */
  public volatile int undefined = -1;

  /** Whether values that are no numbers spoil what follows. */
  public volatile boolean readsValues = true;

  /** When set, a pass takes a permit first. */
  public volatile Semaphore gate;

  /** When set, the next pass fails with it. */
  public volatile Throwable failure;

  /** When set, every pass over a row with this token fails. */
  public volatile int poison = -1;

  /** What such a pass fails with. */
  public volatile Throwable poisoning = new IllegalStateException("poisoned");

  /**
   * @param peak how much the likeliest token stands out; large is nearly deterministic
   */
  public ToyModel(float peak) {
    this.peak = peak;
    banned.add(END);
  }

  /** With an end token that can come up. */
  public ToyModel endingOften() {
    banned.clear();
    return this;
  }

  /** The model as the service sees it. */
  public ServedModel served() {
    return new ServedModel(
        "toy",
        new ServedModel.Weights("toy", "Q4_1", "d".repeat(64)),
        new ServedModel.Tokens("t".repeat(64), VOCABULARY, Set.of(END)),
        4096,
        LAYOUT,
        this);
  }

  @Override
  public PassResult forward(Batch batch) {
    Semaphore waitFor = gate;
    if (waitFor != null) {
      waitFor.acquireUninterruptibly();
    }
    Throwable thrown = failure;
    failure = null;
    for (int row = 0; row < batch.rows() && thrown == null; row++) {
      thrown = batch.token(row) == poison ? poisoning : null;
    }
    if (thrown != null) {
      ToyModel.<RuntimeException>sneak(thrown);
    }
    passes.incrementAndGet();
    rows.addAndGet(batch.rows());
    logits = new float[batch.logitRows() * VOCABULARY];
    Set<KvSequence> sequences = new HashSet<>();
    for (int row = 0; row < batch.rows(); row++) {
      sequences.add(batch.sequence(row));
      write(batch.sequence(row), batch.place(row), batch.token(row));
    }
    boolean[] finite = new boolean[batch.rows()];
    for (int row = 0; row < batch.rows(); row++) {
      finite[row] = isSound(batch, row);
      if (batch.logitRow(row) >= 0) {
        int at = batch.logitRow(row) * VOCABULARY;
        fillLogits(hash(text(batch, row)), logits, at);
        if (!finite[row]) {
          Arrays.fill(logits, at, at + VOCABULARY, Float.NaN);
        }
      }
    }
    widest = Math.max(widest, sequences.size());
    return new PassResult(finite, VOCABULARY, logits, new float[0], 1, new float[0]);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> void sneak(Throwable thrown) throws E {
    throw (E) thrown;
  }

  /** The greedy answer by definition, with no cache, batch or draft involved. */
  public List<Integer> greedy(int[] prompt, int tokens) {
    List<Integer> text = new ArrayList<>();
    for (int token : prompt) {
      text.add(token);
    }
    for (int i = 0; i < tokens; i++) {
      text.add(likeliest(hash(text)));
    }
    return List.copyOf(text.subList(prompt.length, text.size()));
  }

  /** Log-probabilities of a continuation by definition. */
  public float[] logprobs(int[] prefix, int[] continuation) {
    List<Integer> text = new ArrayList<>();
    for (int token : prefix) {
      text.add(token);
    }
    float[] logprobs = new float[continuation.length];
    for (int i = 0; i < logprobs.length; i++) {
      float[] row = new float[VOCABULARY];
      fillLogits(hash(text), row, 0);
      logprobs[i] = TokenLogprobs.of(row, 0, VOCABULARY, new int[] {continuation[i]})[0];
      text.add(continuation[i]);
    }
    return logprobs;
  }

  private boolean isSound(Batch batch, int row) {
    KvSequence sequence = batch.sequence(row);
    boolean sound = batch.token(row) != undefined;
    for (int i = 0; readsValues && i < sequence.length() / KvLayout.BLOCK_TOKENS; i++) {
      MemorySegment block = sequence.pool().block(sequence.block(i));
      sound &= !Float.isNaN(SLOT.values().element(block, SLOT.valueOffset(0), 0, 0));
    }
    return sound;
  }

  private static List<Integer> text(Batch batch, int row) {
    KvSequence sequence = batch.sequence(row);
    List<Integer> text = new ArrayList<>();
    for (int place = 0; place < sequence.length(); place++) {
      text.add(read(sequence, place));
    }
    List<Integer> path = new ArrayList<>();
    for (int r = row; r != Batch.COMMITTED; r = batch.parent(r)) {
      path.addFirst(read(sequence, batch.place(r)));
    }
    text.addAll(path);
    return text;
  }

  /** Makes the values of a block no numbers. */
  static void poison(MemorySegment block) {
    block.asSlice(SLOT.valueOffset(0), SLOT.values().bytes()).fill((byte) -1);
  }

  private static void write(KvSequence sequence, int place, int token) {
    MemorySegment memory = sequence.pool().memory();
    int inBlock = place % KvLayout.BLOCK_TOKENS;
    SLOT.keys().store(memory, keys(sequence, place), inBlock, new float[] {token}, 0);
  }

  private static int read(KvSequence sequence, int place) {
    MemorySegment memory = sequence.pool().memory();
    int inBlock = place % KvLayout.BLOCK_TOKENS;
    return Math.round(SLOT.keys().element(memory, keys(sequence, place), inBlock, 0));
  }

  private static long keys(KvSequence sequence, int place) {
    return sequence.blockOffset(place) + SLOT.keyOffset(0);
  }

  private static long hash(List<Integer> text) {
    long hash = 1;
    for (int token : text) {
      hash = mix(hash * 31 + token);
    }
    return hash;
  }

  private int likeliest(long hash) {
    int token = (int) Long.remainderUnsigned(mix(hash ^ 0x5bd1e995), VOCABULARY);
    return banned.contains(token) ? 0 : token;
  }

  private void fillLogits(long hash, float[] into, int offset) {
    for (int t = 0; t < VOCABULARY; t++) {
      long noise = mix(hash + t * 0x9E3779B97F4A7C15L);
      into[offset + t] = banned.contains(t) ? -1e9f : (noise >>> 40) / (float) (1 << 24);
    }
    into[offset + likeliest(hash)] += peak;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
