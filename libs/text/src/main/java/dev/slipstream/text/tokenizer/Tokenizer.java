package dev.slipstream.text.tokenizer;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.OptionalInt;
import java.util.Set;

/** Turns text into token ids and back. Immutable, so it may be shared by threads. */
public interface Tokenizer {

  /**
   * The tokenizer that a model file describes: byte-level BPE ("gpt2") or SentencePiece ("llama").
   *
   * @throws ModelFormatException if the vocabulary is missing, damaged or of another kind
   */
  static Tokenizer of(GgufMetadata metadata) {
    return VocabularyTokenizer.of(metadata);
  }

  /**
   * Token ids of a text. Unpaired surrogates count as U+FFFD.
   *
   * @param addSpecial whether to add the begin and end tokens that the model wants around a text
   * @param parseSpecial whether names of control tokens in the text, such as {@code <|im_end|>},
   *     become these tokens; false for text from outside, where they are just characters
   */
  int[] encode(String text, boolean addSpecial, boolean parseSpecial);

  /** Counts the fewest tokens that texts may have. Takes a moment to make: keep it. */
  FewestTokens fewestTokens();

  /**
   * The bytes that a token stands for, possibly a part of a UTF-8 character; none for control
   * tokens.
   *
   * @throws IllegalArgumentException if the vocabulary has no such token
   */
  byte[] bytes(int token);

  /**
   * The text of tokens; invalid UTF-8 becomes U+FFFD. No spaces are "cleaned up", so pieces decoded
   * one after another add up to the whole.
   *
   * @throws IllegalArgumentException if the vocabulary has no such token
   */
  String decode(int[] tokens);

  /** A decoder for tokens that come one by one. */
  StreamingDetokenizer detokenizer();

  /** Number of tokens; ids are 0 to size - 1. */
  int size();

  /** The name of a token as the vocabulary spells it, also of control tokens. */
  String name(int token);

  /** The token that starts a text, if the model has one. */
  OptionalInt beginToken();

  /** The token that ends a text, if the model has one. */
  OptionalInt endToken();

  /** All tokens that end a generation: end of text, of turn, of message. Not modifiable. */
  Set<Integer> endTokens();

  /** Whether a token steers the model and is not text. */
  boolean isControl(int token);

  /**
   * SHA-256, in lower-case hex, over everything that determines token ids. Equal digests mean that
   * ids of one model may be given to the other. Unused tokens that pad the end of a byte-level
   * vocabulary do not count, because no text contains them; {@link #size} may therefore differ.
   */
  String digest();
}
