package dev.slipstream.models.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
  void whatCannotBeAFileIsNotWritten() {
    GgufMetadata metadata = sample().parse().metadata();
    assertThatThrownBy(() -> new GgufFileWriter(Path.of("/"), metadata, List.of()))
        .isInstanceOf(IOException.class)
        .hasMessage("/: it is a folder");
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

  private static GgufWriter threeTensors() {
    return new GgufWriter()
        .tensor("a", new float[16], 8, 2)
        .tensor("b", new float[8], 8)
        .tensor("c", GgmlType.Q8_0, new byte[34], 32);
  }

  /** One tensor's weights would be taken for another's, and nobody would notice. */
  @Test
  void refusesTensorsThatShareBytes() {
    threeTensors().parse();
    assertRefused(threeTensors().stateOffset("b", 0), "'a'", "'b'", "overlap");
    assertRefused(threeTensors().stateOffset("b", 32), "'a'", "'b'", "overlap");
    assertRefused(threeTensors().stateOffset("a", 64), "'a'", "'b'", "overlap");
    assertRefused(threeTensors().stateOffset("c", 64), "'b'", "'c'", "overlap");
    assertRefused(
        threeTensors().stateOffset("a", 32).stateOffset("b", 0).stateOffset("c", 64),
        "'a'",
        "'c'",
        "overlap");
  }

  @Test
  void tensorsMayLieInAnyOrderAndWithGaps() {
    GgufFile file =
        new GgufWriter()
            .tensor("a", new float[] {1}, 1)
            .tensor("b", new float[] {2}, 1)
            .tensor("c", new float[] {3}, 1)
            .stateOffset("a", 64)
            .stateOffset("c", 0)
            .parse();
    assertThat(file.tensor("a").orElseThrow().data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0))
        .isEqualTo(3f);
  }

  @Test
  void refusesOffsetsThatLeadOutOfTheData() {
    for (long offset : new long[] {-32, Long.MIN_VALUE, Long.MAX_VALUE - 31, 1L << 40, 160}) {
      assertRefused(
          threeTensors().stateOffset("b", offset), "'b'", Long.toUnsignedString(offset), "outside");
    }
    assertRefused(threeTensors().stateOffset("b", 65), "'b'", "not aligned to 32");
    assertRefused(threeTensors().stateOffset("c", Long.MAX_VALUE), "'c'", "not aligned");
  }

  @Test
  void refusesAnAlignmentThatNobodyUses() {
    for (int alignment : new int[] {0, 24, 1 << 17, 1 << 30}) {
      assertRefused(
          threeTensors().integer("general.alignment", alignment),
          "general.alignment",
          Integer.toString(alignment),
          "power of two");
    }
    assertRefused(threeTensors().integer("general.alignment", -1), "general.alignment", "range");
    assertRefused(threeTensors().string("general.alignment", "32"), "general.alignment", "integer");
  }

  /** The weights of the other files would be missed one by one, in words that do not help. */
  @Test
  void aPartOfASplitModelSaysWhichOneItIs() {
    assertRefused(
        threeTensors().integer("split.no", 0).integer("split.count", 2), "part 1 of 2", "split");
    assertRefused(
        new GgufWriter().integer("split.no", 4).integer("split.count", 5), "part 5 of 5", "merge");
    assertRefused(threeTensors().integer("split.count", 3), "part 1 of 3");
    assertRefused(
        threeTensors().integer("split.no", 7).integer("split.count", 3), "'split.no'", "7");
    threeTensors().integer("split.no", 0).integer("split.count", 1).parse();
    threeTensors().integer("split.no", 0).integer("split.count", 0).parse();
  }

  /** A sparse file has room for any number of things that each take a few bytes. */
  @Test
  void refusesMoreThanAnyModelHas(@TempDir Path folder) throws Exception {
    assertSparseRefused(folder, new GgufWriter().raw("k", 9, array(8, 1 << 22)), "'k'", "4194304");
    assertSparseRefused(
        folder, new GgufWriter().raw("k", 9, array(0, 1 << 27)), "'k'", "134217728");
    assertSparseRefused(folder, new GgufWriter().raw("k", 8, number(200L << 20)), "metadata");
    assertSparseRefused(folder, count(16, 1 << 20), "1048576 metadata keys");
    assertSparseRefused(folder, count(8, 1 << 20), "1048576 tensors");
  }

  private static void assertSparseRefused(Path folder, GgufWriter writer, String... parts)
      throws Exception {
    // Without the padding behind an empty directory, so that zeros follow what was written.
    assertSparseRefused(folder, writer.bytes(), parts);
  }

  private static void assertSparseRefused(Path folder, byte[] start, String... parts)
      throws Exception {
    Path path = folder.resolve("sparse.gguf");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(0);
      file.write(start);
      file.setLength(1L << 30);
    }
    assertThatThrownBy(() -> GgufFile.open(path).close())
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(parts);
  }

  private static byte[] count(int at, long value) {
    byte[] file = new GgufWriter().bytes();
    System.arraycopy(number(value), 0, file, at, 8);
    return file;
  }

  private static byte[] array(int type, long count) {
    return ByteBuffer.allocate(12)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(type)
        .putLong(count)
        .array();
  }

  private static byte[] number(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
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
