package dev.slipstream.text.tokenizer;

import java.util.Arrays;

/**
 * Byte-level byte-pair encoding (GPT-2): a pre-tokenizer cuts the text into words, and in each word
 * the bytes are merged by the vocabulary's rules, best rank first.
 */
final class BpeEncoder implements FragmentEncoder {

  private final PreTokenizer preTokenizer;
  private final int tokenCount;
  private final ByteStrings symbols;
  private final BpeMerges merges;
  private final int[] byteSymbols = new int[256];
  private final boolean mergesNonTokens;

  BpeEncoder(String[] tokens, String[] mergeRules, PreTokenizer preTokenizer) {
    this.preTokenizer = preTokenizer;
    this.tokenCount = tokens.length;
    this.symbols = new ByteStrings(tokens.length + 256);
    this.merges = new BpeMerges(mergeRules.length);
    for (int i = 0; i < tokens.length; i++) {
      byte[] bytes = ByteAlphabet.bytes(tokens[i]);
      if (bytes != null) {
        symbols.put(bytes, i);
      }
    }
    int nextSymbol = tokenCount;
    for (int b = 0; b < 256; b++) {
      byte[] bytes = {(byte) b};
      byteSymbols[b] = intern(bytes, nextSymbol);
      nextSymbol = Math.max(nextSymbol, byteSymbols[b] + 1);
    }
    mergesNonTokens = addMerges(mergeRules, nextSymbol) > nextSymbol;
  }

  /** The first id that is free after all. */
  private int addMerges(String[] rules, int firstFreeSymbol) {
    int nextSymbol = firstFreeSymbol;
    int[] ids = new int[3];
    for (int rank = 0; rank < rules.length; rank++) {
      int space = rules[rank].indexOf(' ', 1);
      byte[] merged = space < 0 ? null : ByteAlphabet.bytes(rules[rank], space);
      if (merged == null) {
        continue;
      }
      ids[0] = symbols.find(merged, 0, space);
      ids[1] = symbols.find(merged, space, merged.length);
      ids[2] = symbols.find(merged);
      for (int i = 0; i < 3; i++) {
        if (ids[i] < 0) {
          int from = i == 1 ? space : 0;
          int to = i == 0 ? space : merged.length;
          ids[i] = intern(Arrays.copyOfRange(merged, from, to), nextSymbol);
          nextSymbol = Math.max(nextSymbol, ids[i] + 1);
        }
      }
      merges.put(ids[0], ids[1], rank, ids[2]);
    }
    return nextSymbol;
  }

  /** Merges may go through symbols that are no tokens; these get ids above the tokens. */
  private int intern(byte[] bytes, int nextSymbol) {
    int id = symbols.find(bytes);
    if (id < 0) {
      symbols.put(bytes, nextSymbol);
      return nextSymbol;
    }
    return id;
  }

  @Override
  public boolean mayDrop(byte b) {
    boolean isToken = byteSymbols[b & 0xff] < tokenCount;
    return !isToken || mergesNonTokens && ByteAlphabet.character(b) >= 0x80;
  }

  @Override
  public Session session() {
    PairMerger merger = new PairMerger(merges);
    return (text, from, to, afterSpecial, out) -> {
      int start = from;
      for (int end : preTokenizer.split(text, from, to)) {
        encodeWord(merger, text, start, end, out);
        start = end;
      }
    };
  }

  private void encodeWord(PairMerger merger, byte[] text, int from, int to, IntList out) {
    if (preTokenizer.wholeWordsFirst()) {
      int word = symbols.find(text, from, to);
      if (word >= 0 && word < tokenCount) {
        out.add(word);
        return;
      }
    }
    merger.start(text);
    for (int i = from; i < to; i++) {
      merger.add(byteSymbols[text[i] & 0xff], i);
    }
    merger.merge(to);
    for (int s = 0; s < merger.count(); s = merger.next(s)) {
      if (merger.id(s) < tokenCount) {
        out.add(merger.id(s));
      } else {
        int next = merger.next(s);
        emitBytes(text, merger.start(s), next == merger.count() ? to : merger.start(next), out);
      }
    }
  }

  /** For a symbol that is no token: its ASCII bytes; others are lost, as in llama.cpp. */
  private void emitBytes(byte[] text, int from, int to, IntList out) {
    for (int i = from; i < to; i++) {
      int symbol = byteSymbols[text[i] & 0xff];
      if (symbol < tokenCount && ByteAlphabet.character(text[i]) < 0x80) {
        out.add(symbol);
      }
    }
  }
}
