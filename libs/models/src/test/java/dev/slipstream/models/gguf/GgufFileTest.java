package dev.slipstream.models.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {

  private static GgufWriter sample() {
    return new GgufWriter()
        .string("general.architecture", "llama")
        .integer("llama.block_count", 3)
        .number("llama.rope.freq_base", 10000f)
        .bool("tokenizer.ggml.add_bos_token", true)
        .strings("tokenizer.ggml.tokens", "a", "", "Ġü")
        .integers("tokenizer.ggml.token_type", 1, 1, 3)
        .floats("tokenizer.ggml.scores", 0f, -1.5f)
        .tensor("a.weight", new float[] {1, 2, 3, 4, 5, 6}, 3, 2)
        .tensor("b.weight", GgmlType.Q8_0, new byte[68], 32, 2);
  }

  private static void assertRefused(GgufWriter writer, String... parts) {
    assertThatThrownBy(writer::parse)
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("test.gguf")
        .hasMessageContainingAll(parts);
  }

  @Test
  void readsEveryKindOfValue() {
    GgufMetadata metadata = sample().parse().metadata();
    assertThat(metadata.requireString("general.architecture")).isEqualTo("llama");
    assertThat(metadata.requireInteger("llama.block_count")).isEqualTo(3);
    assertThat(metadata.requireNumber("llama.rope.freq_base")).isEqualTo(10000);
    assertThat(metadata.bool("tokenizer.ggml.add_bos_token")).contains(true);
    assertThat(metadata.requireStrings("tokenizer.ggml.tokens")).containsExactly("a", "", "Ġü");
    assertThat(metadata.integers("tokenizer.ggml.token_type").orElseThrow())
        .containsExactly(1, 1, 3);
    assertThat(metadata.floats("tokenizer.ggml.scores").orElseThrow()).containsExactly(0f, -1.5f);
    assertThat(metadata.string("absent")).isEmpty();
    assertThat(metadata.integer("absent")).isEmpty();
  }

  @Test
  void namesTheKeyThatIsMissingOrHasAnotherType() {
    GgufMetadata metadata = sample().parse().metadata();
    assertThatThrownBy(() -> metadata.requireString("absent"))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("test.gguf", "absent", "missing");
    assertThatThrownBy(() -> metadata.string("llama.block_count"))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("llama.block_count", "a string", "UINT32");
    assertThatThrownBy(() -> metadata.integers("tokenizer.ggml.scores"))
        .isInstanceOf(ModelFormatException.class);
  }

  @Test
  void givesTensorsTheirShapeAndBytes() {
    GgufFile file = sample().parse();
    GgufTensor a = file.tensor("a.weight").orElseThrow();
    assertThat(a.columns()).isEqualTo(3);
    assertThat(a.rows()).isEqualTo(2);
    assertThat(a.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 5 * 4)).isEqualTo(6f);
    assertThat(file.tensor("b.weight").orElseThrow().data().byteSize()).isEqualTo(68);
    assertThat(file.tensors()).extracting(GgufTensor::name).containsExactly("a.weight", "b.weight");
    assertThat(file.tensor("c")).isEmpty();
  }

  @Test
  void headerAloneGivesTheSameMetadata() {
    GgufFile file = sample().parse();
    GgufFile header = GgufFile.parse(MemorySegment.ofArray(file.header()), "header");
    assertThat(header.tensors()).isEmpty();
    assertThat(header.metadata().keys()).isEqualTo(file.metadata().keys());
    assertThat(header.metadata().bytes()).isEqualTo(file.metadata().bytes());
  }

  @Test
  void metadataOutlivesTheMappedFile(@TempDir Path folder) throws Exception {
    Path path = Files.write(folder.resolve("m.gguf"), sample().version(2).bytes());
    GgufMetadata metadata;
    try (GgufFile file = GgufFile.open(path)) {
      metadata = file.metadata();
      assertThat(file.tensor("b.weight").orElseThrow().data().isMapped()).isTrue();
    }
    assertThat(metadata.requireStrings("tokenizer.ggml.tokens")).hasSize(3);
  }

  @Test
  void refusesOtherFormatsByName() {
    assertRefused(new GgufWriter().version(1), "version 1");
    assertRefused(new GgufWriter().version(0x03000000), "big-endian");
    byte[] zip = "PK\3\4____________________".getBytes();
    assertThatThrownBy(() -> GgufFile.parse(MemorySegment.ofArray(zip), "x.zip"))
        .hasMessageContainingAll("x.zip", "not a GGUF file");
    assertRefused(
        new GgufWriter().tensor("t", 17, new byte[74], 256), "tensor 't'", "IQ2_XS", "Q4_K");
  }

  @Test
  void refusesWhatDoesNotAddUp() {
    assertRefused(new GgufWriter().string("k", "a").string("k", "b"), "'k'", "twice");
    assertRefused(
        new GgufWriter().tensor("t", new float[1], 1).tensor("t", new float[1], 1), "'t'", "twice");
    assertRefused(new GgufWriter().tensor("t", new float[1], 2), "'t'", "8 bytes");
    assertRefused(new GgufWriter().tensor("t", GgmlType.Q4_0, new byte[18], 33), "33", "32");
    assertRefused(new GgufWriter().tensor("t", new float[1], 1, 1, 1, 1, 1), "5 dimensions");
    assertRefused(new GgufWriter().tensor("t", new float[1], 1, 0), "shape [1, 0]");
    assertRefused(new GgufWriter().tensor("t", new float[1], 1L << 31, 1L << 31, 4), "too large");
    assertRefused(new GgufWriter().integer("general.alignment", 24), "power of two");
    assertRefused(new GgufWriter().raw("k", 13), "'k'", "type 13");
    assertRefused(new GgufWriter().raw("k", 9, new byte[] {9, 0, 0, 0, 1}), "array of arrays");
  }

  @Test
  void refusesLengthsBeyondTheFileBeforeAllocating() {
    byte[] huge = {-1, -1, -1, -1, -1, -1, -1, 127};
    assertRefused(new GgufWriter().raw("k", 8, huge), "k", "9223372036854775807");
    byte[] array = new byte[12];
    System.arraycopy(huge, 0, array, 4, 8);
    assertRefused(new GgufWriter().raw("k", 9, array), "elements of 'k'", "9223372036854775807");
    for (int at : new int[] {8, 16}) {
      byte[] file = sample().bytes();
      System.arraycopy(huge, 0, file, at, 8);
      assertThatThrownBy(() -> GgufFile.parse(MemorySegment.ofArray(file), "x"))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("9223372036854775807");
    }
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = sample().bytes();
    for (int length = 0; length < whole.length; length++) {
      MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> GgufFile.parse(cut, "cut.gguf"))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("cut.gguf");
    }
  }
}
