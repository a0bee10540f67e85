package dev.slipstream.text.tokenizer;

import java.util.List;

/**
 * Cuts text into the words within which BPE merges: a list of stages, each cutting the parts that
 * the one before has left.
 *
 * @param wholeWordsFirst whether a word that is a token is taken as it is, without merging
 * @param beginByDefault whether the begin token is added where the model file does not say
 */
record PreTokenizer(
    PreTokenizerKind kind,
    List<SplitStage> stages,
    boolean wholeWordsFirst,
    boolean beginByDefault) {

  /** The ends, in bytes, of the words in a part of valid UTF-8. */
  int[] split(byte[] bytes, int from, int to) {
    SplitText text = new SplitText(bytes, from, to);
    IntList ends = new IntList(4);
    if (text.size() > 0) {
      ends.add(text.size());
    }
    for (SplitStage stage : stages) {
      SplitStage.Cutter cutter = stage.over(text);
      IntList finer = new IntList(ends.size() + text.size() / 4);
      int start = 0;
      for (int i = 0; i < ends.size(); i++) {
        cutter.cut(start, ends.get(i), finer);
        start = ends.get(i);
      }
      ends = finer;
    }
    return inBytes(text, ends, from);
  }

  private static int[] inBytes(SplitText text, IntList ends, int from) {
    int[] result = ends.toArray();
    int at = from;
    int codePoint = 0;
    for (int i = 0; i < result.length; i++) {
      while (codePoint < result[i]) {
        at += Utf8.length(text.codePoint(codePoint++));
      }
      result[i] = at;
    }
    return result;
  }
}
