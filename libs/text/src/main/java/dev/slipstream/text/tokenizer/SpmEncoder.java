package dev.slipstream.text.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * SentencePiece BPE as in Llama and Llama 2: characters are merged whenever the result is a token,
 * the best score first. Spaces are written as U+2581; characters without a token become byte
 * tokens.
 */
final class SpmEncoder implements FragmentEncoder {

  static final String SPACE = "\u2581";

  private static final byte[] SPACE_BYTES = SPACE.getBytes(StandardCharsets.UTF_8);

  private final ByteStrings tokens;
  private final int[] ranks;
  private final int longestToken;
  private final boolean spacePrefix;
  private final int[] byteTokens = new int[256];

  SpmEncoder(String[] names, float[] scores, boolean spacePrefix, int unknownToken) {
    this.ranks = ranks(scores);
    this.spacePrefix = spacePrefix;
    this.tokens = new ByteStrings(names.length);
    int longest = 0;
    for (int i = 0; i < names.length; i++) {
      byte[] bytes = names[i].getBytes(StandardCharsets.UTF_8);
      tokens.put(bytes, i);
      longest = Math.max(longest, bytes.length);
    }
    this.longestToken = longest;
    HexFormat hex = HexFormat.of().withUpperCase();
    for (int b = 0; b < 256; b++) {
      String name = "<0x" + hex.toHexDigits((byte) b) + ">";
      int token = tokens.find(name.getBytes(StandardCharsets.US_ASCII));
      byte[] itself = {(byte) b};
      int fallback = tokens.find(itself) >= 0 ? tokens.find(itself) : unknownToken;
      byteTokens[b] = token >= 0 ? token : fallback;
    }
  }

  @Override
  public Session session() {
    PairMerger merger = new PairMerger(this::find);
    return (text, from, to, afterSpecial, out) ->
        encode(merger, escape(text, from, to, spacePrefix && afterSpecial), out);
  }

  @Override
  public boolean mayDrop(byte b) {
    return byteTokens[b & 0xff] < 0;
  }

  private long find(int left, int right, byte[] text, int from, int to) {
    int token = to - from > longestToken ? -1 : tokens.find(text, from, to);
    return token < 0 ? PairMerger.Pairs.NONE : (long) ranks[token] << 32 | token;
  }

  /** Numbers scores from the highest, rank 0, downwards; equal scores have equal ranks. */
  private static int[] ranks(float[] given) {
    float[] scores = given.clone();
    for (int i = 0; i < scores.length; i++) {
      // Sorting takes -0 for less than 0, the merge order must not.
      scores[i] = given[i] == 0 ? 0 : given[i];
    }
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    int distinct = 0;
    for (float score : sorted) {
      if (distinct == 0 || Float.compare(sorted[distinct - 1], score) != 0) {
        sorted[distinct++] = score;
      }
    }
    int[] ranks = new int[scores.length];
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = distinct - 1 - Arrays.binarySearch(sorted, 0, distinct, scores[i]);
    }
    return ranks;
  }

  private static byte[] escape(byte[] text, int from, int to, boolean prefix) {
    int spaces = prefix ? 1 : 0;
    for (int i = from; i < to; i++) {
      spaces += text[i] == ' ' ? 1 : 0;
    }
    byte[] escaped = new byte[to - from + (prefix ? 1 : 0) + spaces * (SPACE_BYTES.length - 1)];
    int at = 0;
    for (int i = prefix ? from - 1 : from; i < to; i++) {
      if (i < from || text[i] == ' ') {
        System.arraycopy(SPACE_BYTES, 0, escaped, at, SPACE_BYTES.length);
        at += SPACE_BYTES.length;
      } else {
        escaped[at++] = text[i];
      }
    }
    return escaped;
  }

  private void encode(PairMerger merger, byte[] text, IntList out) {
    merger.start(text);
    for (int i = 0; i < text.length; i += Utf8.length(text[i])) {
      merger.add(tokens.find(text, i, i + Utf8.length(text[i])), i);
    }
    merger.merge(text.length);
    for (int s = 0; s < merger.count(); s = merger.next(s)) {
      if (merger.id(s) >= 0) {
        out.add(merger.id(s));
        continue;
      }
      int next = merger.next(s);
      int end = next == merger.count() ? text.length : merger.start(next);
      for (int i = merger.start(s); i < end; i++) {
        if (byteTokens[text[i] & 0xff] >= 0) {
          out.add(byteTokens[text[i] & 0xff]);
        }
      }
    }
  }
}
