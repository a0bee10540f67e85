package dev.slipstream.text.tokenizer;

import static dev.slipstream.text.tokenizer.Vocabulary.CONTROL;
import static dev.slipstream.text.tokenizer.Vocabulary.NORMAL;
import static dev.slipstream.text.tokenizer.Vocabulary.USER_DEFINED;

import dev.slipstream.models.gguf.GgufMetadata;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds the tokens that end a generation. Model files name only some of them and often have their
 * types wrong, so well-known names count as well; the lists and exceptions are llama.cpp's.
 */
final class EndTokens {

  private static final List<String> NAMES =
      List.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>",
          "<turn|>",
          "<|tool_response>",
          "<｜end▁of▁sentence｜>",
          "[e~[");

  /** A token for filling in the middle: the key that may name it, and its known names. */
  private record Infill(String key, boolean ends, List<String> names) {}

  private static final List<Infill> INFILL =
      List.of(
          new Infill(
              "fim_pre_token_id",
              false,
              List.of(
                  "<|fim_prefix|>",
                  "<fim-prefix>",
                  "<fim_prefix>",
                  "<｜fim▁begin｜>",
                  "<PRE>",
                  "▁<PRE>",
                  "<|code_prefix|>",
                  "<|prefix|>")),
          new Infill(
              "fim_suf_token_id",
              false,
              List.of(
                  "<|fim_suffix|>",
                  "<fim-suffix>",
                  "<fim_suffix>",
                  "<｜fim▁hole｜>",
                  "<SUF>",
                  "▁<SUF>",
                  "<|code_suffix|>",
                  "<|suffix|>")),
          new Infill(
              "fim_mid_token_id",
              false,
              List.of(
                  "<|fim_middle|>",
                  "<fim-middle>",
                  "<fim_middle>",
                  "<｜fim▁end｜>",
                  "<MID>",
                  "▁<MID>",
                  "<|code_middle|>",
                  "<|middle|>")),
          new Infill(
              "fim_pad_token_id",
              true,
              List.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]")),
          new Infill(
              "fim_rep_token_id",
              true,
              List.of("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>")),
          new Infill("fim_sep_token_id", true, List.of("<|file_sep|>")));

  private final Vocabulary vocabulary;
  private final Set<Integer> tokens = new TreeSet<>();

  private EndTokens(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /** Finds them all and corrects the types of tokens that are known to be wrong. */
  static Set<Integer> find(GgufMetadata metadata, Vocabulary vocabulary, int endToken) {
    EndTokens found = new EndTokens(vocabulary);
    INFILL.forEach(infill -> found.addInfill(metadata, infill));
    NAMES.forEach(name -> found.addIfPresent(name));
    found.keepVisible("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>");
    found.add(endToken);
    found.add(SpecialIds.idOf(metadata, vocabulary, "eot_token_id", -1));
    found.add(SpecialIds.idOf(metadata, vocabulary, "eom_token_id", -1));
    found.applyExceptions();
    return Collections.unmodifiableSet(found.tokens);
  }

  private void addInfill(GgufMetadata metadata, Infill infill) {
    int id = SpecialIds.idOf(metadata, vocabulary, infill.key, -1);
    for (int i = 0; id < 0 && i < infill.names.size(); i++) {
      id = vocabulary.ids().getOrDefault(infill.names.get(i), -1);
      if (id >= 0) {
        vocabulary.attributes()[id] |= CONTROL;
      }
    }
    if (infill.ends) {
      add(id);
    }
  }

  private void add(int id) {
    if (id >= 0) {
      tokens.add(id);
    }
  }

  private void addIfPresent(String name) {
    Integer id = vocabulary.ids().get(name);
    if (id != null) {
      tokens.add(id);
      vocabulary.attributes()[id] |= CONTROL;
    }
  }

  private void keepVisible(String... names) {
    for (String name : names) {
      Integer id = vocabulary.ids().get(name);
      if (id != null) {
        vocabulary.attributes()[id] = USER_DEFINED;
      }
    }
  }

  /** Two families have a token with an end token's name that does not end their answers. */
  private void applyExceptions() {
    boolean calls = ends("<|call|>") || ends("<|calls|>");
    if (calls && (ends("<|return|>") || ends("<|flush|>"))) {
      remove("<|end|>", USER_DEFINED);
    }
    if (ends("<|tool_response>")) {
      remove("</s>", NORMAL);
    }
  }

  private boolean ends(String name) {
    return tokens.contains(vocabulary.ids().getOrDefault(name, -1));
  }

  private void remove(String name, int attributes) {
    if (ends(name)) {
      int id = vocabulary.ids().get(name);
      tokens.remove(id);
      vocabulary.attributes()[id] = attributes;
    }
  }
}
