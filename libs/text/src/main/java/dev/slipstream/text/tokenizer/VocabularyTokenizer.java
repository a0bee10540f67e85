package dev.slipstream.text.tokenizer;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;

/** The tokenizer that a model file's metadata describes. */
final class VocabularyTokenizer implements Tokenizer {

  private static final String MODEL = "tokenizer.ggml.model";
  private static final String PRE = "tokenizer.ggml.pre";
  private static final String MERGES = "tokenizer.ggml.merges";
  private static final String SCORES = "tokenizer.ggml.scores";
  private static final String SPACE_PREFIX = "tokenizer.ggml.add_space_prefix";

  private final Vocabulary vocabulary;
  private final SpecialIds special;
  private final Set<Integer> endTokens;
  private final FragmentEncoder encoder;
  private final SpecialTokenSplitter splitter;
  private final TokenPieces pieces;
  private final boolean byteLevel;
  private final boolean spacePrefix;
  private final String digest;

  private VocabularyTokenizer(
      GgufMetadata metadata,
      Vocabulary vocabulary,
      SpecialIds special,
      FragmentEncoder encoder,
      boolean byteLevel,
      TokenizerDigest digest) {
    this.vocabulary = vocabulary;
    this.special = special;
    this.encoder = encoder;
    this.endTokens = EndTokens.find(metadata, vocabulary, special.end());
    markSpaceEaters(metadata, vocabulary);
    this.splitter = new SpecialTokenSplitter(vocabulary);
    this.pieces = TokenPieces.of(vocabulary, byteLevel);
    this.byteLevel = byteLevel;
    this.spacePrefix = !byteLevel && spacePrefix(metadata);
    this.digest = digest.vocabulary(vocabulary, byteLevel).special(special).hex();
  }

  static VocabularyTokenizer of(GgufMetadata metadata) {
    String model = metadata.requireString(MODEL);
    return switch (model) {
      case "gpt2" -> bytePairs(metadata);
      case "llama" -> sentencePiece(metadata);
      case "bert" -> throw unsupported(metadata, "bert (WordPiece)");
      case "t5" -> throw unsupported(metadata, "t5 (SentencePiece unigram)");
      default -> throw unsupported(metadata, model);
    };
  }

  private static ModelFormatException unsupported(GgufMetadata metadata, String model) {
    return metadata.invalid(
        MODEL,
        "is '"
            + model
            + "', a kind of tokenizer that is not supported; supported are gpt2 and llama");
  }

  private static VocabularyTokenizer bytePairs(GgufMetadata metadata) {
    String pre = metadata.string(PRE).filter(name -> !name.isEmpty()).orElse("default");
    PreTokenizer preTokenizer = PreTokenizerKind.named(pre);
    if (preTokenizer == null) {
      throw metadata.invalid(PRE, "is '" + pre + "', a pre-tokenizer that is not supported");
    }
    Vocabulary vocabulary = Vocabulary.of(metadata);
    String[] merges = metadata.requireStrings(MERGES);
    SpecialIds special =
        SpecialIds.ofBytePairs(metadata, vocabulary, preTokenizer.beginByDefault());
    BpeEncoder encoder = new BpeEncoder(vocabulary.names(), merges, preTokenizer);
    TokenizerDigest digest =
        new TokenizerDigest("gpt2")
            .text(preTokenizer.kind().name())
            .flag(preTokenizer.wholeWordsFirst())
            .texts(merges, merges.length);
    return new VocabularyTokenizer(metadata, vocabulary, special, encoder, true, digest);
  }

  private static VocabularyTokenizer sentencePiece(GgufMetadata metadata) {
    Vocabulary vocabulary = Vocabulary.of(metadata);
    float[] scores = metadata.floats(SCORES).orElseGet(() -> new float[vocabulary.size()]);
    if (scores.length < vocabulary.size()) {
      throw metadata.invalid(
          SCORES, "has " + scores.length + " elements for " + vocabulary.size() + " tokens");
    }
    boolean prefix = spacePrefix(metadata);
    SpecialIds special = SpecialIds.ofSentencePiece(metadata, vocabulary);
    SpmEncoder encoder = new SpmEncoder(vocabulary.names(), scores, prefix, special.unknown());
    TokenizerDigest digest = new TokenizerDigest("llama").flag(prefix).numbers(scores);
    return new VocabularyTokenizer(metadata, vocabulary, special, encoder, false, digest);
  }

  private static boolean spacePrefix(GgufMetadata metadata) {
    return metadata.bool(SPACE_PREFIX).orElse(true);
  }

  /** Model files do not say which special tokens swallow the spaces around them. */
  private static void markSpaceEaters(GgufMetadata metadata, Vocabulary vocabulary) {
    String name = metadata.string("general.name").orElse("").toLowerCase(Locale.ROOT);
    String pre = metadata.string(PRE).orElse("");
    if (pre.startsWith("jina-v2-")) {
      eatSpaces(vocabulary, "<mask>", Vocabulary.STRIP_LEFT);
    } else if (name.contains("phi-3") || name.contains("phi3")) {
      int kinds = Vocabulary.CONTROL | Vocabulary.USER_DEFINED | Vocabulary.UNKNOWN;
      for (int i = 0; i < vocabulary.size(); i++) {
        boolean exempt = Set.of("<unk>", "<s>", "<|endoftext|>").contains(vocabulary.names()[i]);
        if (vocabulary.has(i, kinds) && !exempt) {
          vocabulary.attributes()[i] |= Vocabulary.STRIP_RIGHT;
        }
      }
    } else if (name.contains("modern-bert")) {
      eatSpaces(vocabulary, "[MASK]", Vocabulary.STRIP_LEFT);
    }
  }

  private static void eatSpaces(Vocabulary vocabulary, String name, int attribute) {
    Integer id = vocabulary.ids().get(name);
    if (id != null) {
      vocabulary.attributes()[id] |= attribute;
    }
  }

  @Override
  public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
    byte[] bytes = Utf8.encode(text);
    IntList out = new IntList(bytes.length / 3 + 8);
    if (addSpecial && special.addBegin()) {
      out.add(special.begin());
    }
    FragmentEncoder.Session session = encoder.session();
    boolean afterSpecial = true;
    for (SpecialTokenSplitter.Fragment fragment : splitter.split(bytes, parseSpecial)) {
      if (fragment.isText()) {
        session.encode(bytes, fragment.from(), fragment.to(), afterSpecial, out);
      } else {
        out.add(fragment.token());
      }
      afterSpecial = !fragment.isText();
    }
    if (addSpecial && special.addEnd()) {
      out.add(special.end());
    }
    return out.toArray();
  }

  @Override
  public FewestTokens fewestTokens() {
    SpellingTrie spellings = new SpellingTrie();
    boolean eatsSpaces = false;
    for (int i = 0; i < size(); i++) {
      String name = vocabulary.names()[i];
      byte[] bytes = byteLevel ? ByteAlphabet.bytes(name) : null;
      if (bytes != null) {
        spellings.add(bytes);
      }
      if (!byteLevel || vocabulary.has(i, Vocabulary.SPECIAL)) {
        spellings.add(FewestTokens.spelling(name, !byteLevel));
      }
      if (spacePrefix && name.startsWith(SpmEncoder.SPACE) && name.length() > 1) {
        // The space may be the one that is put before a text.
        spellings.add(FewestTokens.spelling(name.substring(1), true));
      }
      eatsSpaces |= vocabulary.has(i, Vocabulary.STRIP_LEFT | Vocabulary.STRIP_RIGHT);
    }
    boolean[] free = new boolean[256];
    for (int b = 0; b < free.length; b++) {
      free[b] = encoder.mayDrop((byte) b) || eatsSpaces && SpecialTokenSplitter.isSpace((byte) b);
    }
    return new FewestTokens(spellings, free, !byteLevel);
  }

  @Override
  public byte[] bytes(int token) {
    return pieces.bytes(check(token));
  }

  @Override
  public String decode(int[] tokens) {
    StreamingDetokenizer detokenizer = detokenizer();
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(detokenizer.append(token));
    }
    return text.append(detokenizer.flush()).toString();
  }

  @Override
  public StreamingDetokenizer detokenizer() {
    return new StreamingDetokenizer(this, spacePrefix);
  }

  @Override
  public int size() {
    return vocabulary.size();
  }

  @Override
  public String name(int token) {
    return vocabulary.names()[check(token)];
  }

  @Override
  public OptionalInt beginToken() {
    return special.begin() < 0 ? OptionalInt.empty() : OptionalInt.of(special.begin());
  }

  @Override
  public OptionalInt endToken() {
    return special.end() < 0 ? OptionalInt.empty() : OptionalInt.of(special.end());
  }

  @Override
  public Set<Integer> endTokens() {
    return endTokens;
  }

  @Override
  public boolean isControl(int token) {
    return vocabulary.has(check(token), Vocabulary.CONTROL);
  }

  @Override
  public String digest() {
    return digest;
  }

  private int check(int token) {
    if (token < 0 || token >= size()) {
      throw new IllegalArgumentException(
          "token " + token + " is not in the vocabulary, which has " + size() + " tokens");
    }
    return token;
  }
}
