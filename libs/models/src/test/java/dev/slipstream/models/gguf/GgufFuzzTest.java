package dev.slipstream.models.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A damaged model file must never bring a service down: reading it gives a model or a {@link
 * ModelFormatException}, nothing else.
 */
class GgufFuzzTest {

  private static final int MUTANTS = 20_000;
  private static final long[] HOSTILE = {
    -1, 0, 1, 0x7fffffffL, 0x80000000L, 0xffffffffL, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 40
  };

  @Test
  void mutatedFilesAreReadOrRefused() {
    String[] tokens = new String[300];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = "token" + i;
    }
    byte[] seed =
        new GgufWriter()
            .alignment(64)
            .string("general.architecture", "llama")
            .strings("tokenizer.ggml.tokens", tokens)
            .integers("tokenizer.ggml.token_type", new int[300])
            .bool("flag", true)
            .number("float", 1.5f)
            .tensor("a", new float[64], 8, 8)
            .tensor("b", GgmlType.Q4_K, new byte[288], 256, 2)
            .bytes();
    SplittableRandom random = new SplittableRandom(20260101);
    int refused = 0;
    for (int i = 0; i < MUTANTS; i++) {
      refused += isRefused(mutate(seed, random)) ? 1 : 0;
    }
    assertThat(refused).isBetween(MUTANTS / 20, MUTANTS - 1);
  }

  @Test
  void noiseIsRefused() {
    Random random = new Random(7);
    for (int i = 0; i < 2_000; i++) {
      byte[] noise = new byte[random.nextInt(400)];
      random.nextBytes(noise);
      byte[] start = new GgufWriter().bytes();
      System.arraycopy(start, 0, noise, 0, Math.min(8, noise.length));
      isRefused(noise);
    }
  }

  private static byte[] mutate(byte[] seed, SplittableRandom random) {
    int length = random.nextInt(4) == 0 ? random.nextInt(seed.length) : seed.length;
    byte[] mutant = new byte[length];
    System.arraycopy(seed, 0, mutant, 0, length);
    for (int i = random.nextInt(4); i > 0 && length > 8; i--) {
      // Half of the changes hit the header and the directory, where they do most harm.
      int at = random.nextInt(random.nextBoolean() ? Math.min(length, 200) : length);
      if (random.nextBoolean()) {
        mutant[at] ^= (byte) (1 << random.nextInt(8));
      } else {
        long value = HOSTILE[random.nextInt(HOSTILE.length)];
        for (int b = 0; b < 8 && at + b < length; b++) {
          mutant[at + b] = (byte) (value >>> (8 * b));
        }
      }
    }
    return mutant;
  }

  /** Uses everything a file offers, as a loader would. */
  private static boolean isRefused(byte[] file) {
    try {
      GgufFile parsed = GgufFile.parse(MemorySegment.ofArray(file), "fuzz");
      GgufMetadata metadata = parsed.metadata();
      metadata.strings("tokenizer.ggml.tokens");
      metadata.integers("tokenizer.ggml.token_type");
      metadata.string("general.architecture");
      metadata.bool("flag");
      metadata.number("float");
      parsed.tensors().forEach(t -> assertThat(t.rows()).isPositive());
      GgufFile.parse(MemorySegment.ofArray(parsed.header()), "header");
      return false;
    } catch (ModelFormatException e) {
      assertThat(e).hasMessageMatching("(?s)(fuzz|header): .+|tensor .+");
      return true;
    }
  }
}
