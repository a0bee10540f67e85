package dev.slipstream.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A damaged vocabulary is refused or works; it never brings a service down. */
class TokenizerFuzzTest {

  private static final int MUTANTS = 1_000;
  private static final String TEXT = "hello <|im_end|> wörld\n\n 123 </s>";

  @Test
  void damagedVocabulariesAreRefusedOrWork() {
    List<String> merges = List.of("h e", "l l", "he ll", "Ġ Ġ");
    fuzz(
        TestVocabularies.bytePairs("qwen2", merges, "<|im_end|>", 3, "<tool>", 4)
            .integer("tokenizer.ggml.eos_token_id", 260)
            .bool("tokenizer.ggml.add_bos_token", true)
            .bytes());
    fuzz(TestVocabularies.sentencePieces("▁h", "hi", "h", "i", "▁").bytes());
  }

  @Test
  void damagedModelsAreRefusedOrWork() throws Exception {
    for (String name : List.of("llama-spm.Q8_0.gguf", "qwen3-qknorm.Q8_0.gguf")) {
      byte[] whole = Files.readAllBytes(GoldenFiles.folder().resolve("tiny").resolve(name));
      fuzz(GgufFile.parse(MemorySegment.ofArray(whole), name).header());
    }
  }

  private static void fuzz(byte[] seed) {
    SplittableRandom random = new SplittableRandom(seed.length);
    int working = 0;
    for (int i = 0; i < MUTANTS; i++) {
      byte[] mutant = seed.clone();
      for (int flips = random.nextInt(1, 6); flips > 0; flips--) {
        int at = random.nextInt(8, mutant.length);
        mutant[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : mutant[at] ^ 1);
      }
      working += works(mutant) ? 1 : 0;
    }
    assertThat(working).isBetween(1, MUTANTS - 1);
  }

  private static boolean works(byte[] file) {
    try {
      Tokenizer tokenizer =
          Tokenizer.of(GgufFile.parse(MemorySegment.ofArray(file), "fuzz").metadata());
      int[] ids = tokenizer.encode(TEXT, true, true);
      assertThat(Arrays.stream(ids).allMatch(id -> id >= 0 && id < tokenizer.size())).isTrue();
      tokenizer.decode(ids);
      assertThat(tokenizer.endTokens()).allMatch(id -> id >= 0 && id < tokenizer.size());
      return true;
    } catch (ModelFormatException e) {
      return false;
    }
  }
}
