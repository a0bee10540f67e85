package dev.slipstream.text.tokenizer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ways in which models cut text into words, as llama.cpp implements them; each is a list of
 * patterns that are applied one after another.
 */
enum PreTokenizerKind {
  DEFAULT("[\\p{P}$+<=>^~|]+", Patterns.GPT2, "\\p{N}+", "[0-9][0-9][0-9]"),
  GPT2(Patterns.GPT2),
  DIGITS_GPT2("\\p{N}", Patterns.GPT2),
  FALCON("[\\p{P}$+<=>^~|`]+", Patterns.GPT2, "[0-9][0-9][0-9]"),
  LLAMA3(Patterns.CONTRACTION + "|" + Patterns.LETTERS + "|\\p{N}{1,3}|" + Patterns.REST),
  JAIS2(
      Patterns.CONTRACTION
          + "|"
          + Patterns.LETTERS
          + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
          + "|\\s{512}(?!\\S)|\\s{256}(?!\\S)"
          + "|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)"
          + "|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}"),
  QWEN2(Patterns.CONTRACTION + "|" + Patterns.LETTERS + "|\\p{N}|" + Patterns.REST),
  QWEN35(
      Patterns.CONTRACTION
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
  UFAKZEKA(Patterns.LETTERS + "|\\p{N}|" + Patterns.REST),
  LAGUNA(
      "[^\\n]+|[\\n]+", Patterns.CONTRACTION + "|" + Patterns.LETTERS + "|\\p{N}|" + Patterns.REST),
  MINICPM5(
      "\\p{N}{1,3}", Patterns.CONTRACTION + "|" + Patterns.LETTERS + "|\\p{N}+|" + Patterns.REST),
  BAILINGMOE(
      "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|"
          + Patterns.LETTERS
          + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"),
  SEED_CODER(
      Patterns.CONTRACTION
          + "|"
          + Patterns.LETTERS
          + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
  EXAONE_MOE(
      Patterns.CONTRACTION
          + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}\\p{M}*(?: ?\\p{L}\\p{M}*)*+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"),
  TEKKEN(Patterns.cased("", "") + "|\\p{N}|" + Patterns.REST_WITH_SLASH),
  GPT4O(
      Patterns.cased("", Patterns.CONTRACTION + "?") + "|\\p{N}{1,3}|" + Patterns.REST_WITH_SLASH),
  GRANITE_MULTILINGUAL(
      Patterns.cased("\\p{M}", Patterns.CONTRACTION + "?")
          + "|\\p{N}{1,3}|"
          + Patterns.REST_WITH_SLASH),
  TINY_AYA(
      new SplitStage.AfterThousands(),
      Patterns.WORD_WITH_CONTRACTION + "|\\p{N}{1,3}|" + Patterns.REST_WITH_SLASH),
  YOUTU(
      "[\uAC00-\uD7A3\u3131-\u318E]+"
          + "|[\uFF01\u2026\u201C\u201D\u2018\u2019\u2014"
          + "\uFF1A\uFF1B\uFF0C\u3001-\u303F\uFE30-\uFE4F]+"
          + "|[\u3105-\u312F]+|[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
      Patterns.WORD_WITH_CONTRACTION + "|\\p{N}|" + Patterns.REST_WITH_SLASH),
  KIMI_K2(
      "\\p{Han}+|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}&&[^\\p{Han}]]+"
          + Patterns.CONTRACTION
          + "?|\\p{N}{1,3}|"
          + Patterns.REST),
  DEEPSEEK_LLM(
      "[\r\n]",
      Patterns.DEEPSEEK_LETTERS,
      "\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+",
      new SplitStage.TrailingSpace(),
      Patterns.DEEPSEEK_CJK,
      "\\p{N}+"),
  DEEPSEEK_CODER("[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", Patterns.DEEPSEEK_CJK, "\\p{N}"),
  DEEPSEEK_V3("\\p{N}{1,3}", Patterns.CHINESE_JAPANESE, Patterns.DEEPSEEK_V3),
  SPARK(
      "\\p{N}{1,3}",
      Patterns.CHINESE_JAPANESE,
      Patterns.DEEPSEEK_V3.replace("[\\r\\n]*|\\s*[\\r\\n]+", "|[\\r\\n]"),
      "\\p{N}"),
  AFMOE(
      new SplitStage.AfterThousands(),
      "[\u4E00-\u9FFF\u3400-\u4DBF\u8C48-\uFAFF\u3040-\u309F\u30A0-\u30FF"
          + "\uFF65-\uFF9F\u2F00-\u2FDF\u0E40-\u0E7F\u0E80-\u0EFF"
          + "\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF"
          + "\uAC00-\uD7AF\u1100-\u11FF]+",
      Patterns.DEEPSEEK_V3),
  BLOOM(Patterns.BLOOM),
  VIKING(Patterns.BLOOM, "\\p{N}"),
  SUPERBPE("\\p{N}+", new SplitStage.BeforeThousands()),
  CHAMELEON(
      "<sentinel:[0-9]+>",
      "IMGIMG[A-I]{1,4}Z",
      "[\\t\\n]|    |  ",
      "\\p{N}",
      "[\\p{P}!-/:-@\\[-`{-~]",
      Patterns.GPT2);

  private final List<Object> stages;

  /** Stages are patterns, or a {@link SplitStage} where no pattern does it in linear time. */
  PreTokenizerKind(Object... stages) {
    this.stages = List.of(stages);
  }

  List<SplitStage> stages() {
    return stages.stream()
        .map(s -> s instanceof SplitStage stage ? stage : SplitStage.ByPattern.of((String) s))
        .toList();
  }

  /** The pre-tokenizer that a model file names, or null if the name is unknown. */
  static @Nullable PreTokenizer named(String name) {
    PreTokenizerKind kind = kindOf(name);
    if (kind == null) {
      return null;
    }
    boolean wholeWordsFirst =
        switch (kind) {
          case LLAMA3 -> !List.of("dbrx", "smaug-bpe", "glm4", "chatglm-bpe").contains(name);
          case MINICPM5, YOUTU, TEKKEN, GRANITE_MULTILINGUAL -> true;
          default -> false;
        };
    boolean beginByDefault =
        kind == LLAMA3 && wholeWordsFirst || kind == TEKKEN || kind == CHAMELEON;
    return new PreTokenizer(kind, kind.stages(), wholeWordsFirst, beginByDefault);
  }

  private static @Nullable PreTokenizerKind kindOf(String name) {
    return switch (name) {
      case "default" -> DEFAULT;
      case "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de" -> GPT2;
      case "a.x-4.0", "mellum", "modern-bert", "jina-v1-en", "jina-v2-code", "roberta-bpe" -> GPT2;
      case "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4" -> GPT2;
      case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone" -> DIGITS_GPT2;
      case "minerva-7b", "mellum2" -> DIGITS_GPT2;
      case "falcon" -> FALCON;
      case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral" -> LLAMA3;
      case "midm-2.0", "lfm2", "jina-v5-nano", "dbrx", "smaug-bpe" -> LLAMA3;
      case "glm4", "chatglm-bpe" -> LLAMA3;
      case "jais-2" -> JAIS2;
      case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "megrez" -> QWEN2;
      case "hunyuan", "solar-open", "grok-2" -> QWEN2;
      case "qwen35" -> QWEN35;
      case "ufakzeka" -> UFAKZEKA;
      case "laguna" -> LAGUNA;
      case "minicpm5" -> MINICPM5;
      case "bailingmoe", "bailingmoe2", "llada-moe" -> BAILINGMOE;
      case "seed-coder" -> SEED_CODER;
      case "exaone-moe" -> EXAONE_MOE;
      case "tekken" -> TEKKEN;
      case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2" -> GPT4O;
      case "granite-embed-multi-97m" -> GRANITE_MULTILINGUAL;
      case "tiny_aya", "cohere2moe" -> TINY_AYA;
      case "youtu" -> YOUTU;
      case "kimi-k2" -> KIMI_K2;
      case "deepseek-llm" -> DEEPSEEK_LLM;
      case "deepseek-coder" -> DEEPSEEK_CODER;
      case "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4" -> DEEPSEEK_V3;
      case "spark2_5" -> SPARK;
      case "afmoe" -> AFMOE;
      case "poro-chat", "bloom", "gpt3-finnish" -> BLOOM;
      case "viking" -> VIKING;
      case "superbpe" -> SUPERBPE;
      case "chameleon" -> CHAMELEON;
      default -> null;
    };
  }

  /** Pieces that several kinds share. */
  private static final class Patterns {
    static final String GPT2 =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    static final String CONTRACTION = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    static final String LETTERS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    static final String REST = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String REST_WITH_SLASH =
        " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** llama.cpp does not tell the cases of letters apart here, so one alternative is enough. */
    static final String WORD_WITH_CONTRACTION =
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+" + CONTRACTION + "?";

    static final String DEEPSEEK_V3 =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
            + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String CHINESE_JAPANESE = "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+";
    static final String DEEPSEEK_CJK = "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";
    static final String BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";

    static final String DEEPSEEK_LETTERS =
        "\\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-"
            + "\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-"
            + "\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556"
            + "\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B"
            + "\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D"
            + "\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE"
            + "\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4"
            + "\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128"
            + "\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184"
            + "\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B"
            + "\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17"
            + "\uFF21-\uFF3A\uFF41-\uFF5A\uD801\uDC00-\uD801\uDC4F\uD801\uDCB0-\uD801\uDCD3"
            + "\uD801\uDCD8-\uD801\uDCFB\uD803\uDC80-\uD803\uDCB2\uD803\uDCC0-\uD803\uDCF2"
            + "\uD806\uDCA0-\uD806\uDCDF\uD83A\uDD00-\uD83A\uDD43]+";

    private Patterns() {}

    /**
     * Words of capitals and then small letters; only ASCII letters have a case here.
     *
     * @param marks further classes that count as letters without case
     * @param suffix what may follow
     */
    static String cased(String marks, String suffix) {
      String letter = "\\p{L}" + marks;
      String upper = "[" + letter + "&&[^a-z]]";
      String lower = "[" + letter + "&&[^A-Z]]";
      String lead = "[^\\r\\n\\p{L}\\p{N}]?";
      String smallAtEnd = lead + upper + "*" + lower + "+" + suffix;
      return smallAtEnd + "|" + lead + upper + "+" + lower + "*" + suffix;
    }
  }
}
