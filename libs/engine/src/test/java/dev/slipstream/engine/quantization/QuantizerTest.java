package dev.slipstream.engine.quantization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.evaluation.DivergenceStatistics;
import dev.slipstream.engine.evaluation.Evaluation;
import dev.slipstream.engine.evaluation.EvaluationText;
import dev.slipstream.engine.model.GoldenFiles;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufTensor;
import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.models.gguf.ModelFormatException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever breaks these gives users files that answer worse than other tools' or do not load. */
@Tag("slow")
class QuantizerTest {
  @TempDir private Path folder;
  private final ComputePool pool = new ComputePool(3);

  @AfterEach
  void closePool() {
    pool.close();
  }

  /** The golden files were written by llama.cpp from one model, every matrix in one format. */
  @ParameterizedTest
  @EnumSource(TargetFormat.class)
  void weightsAreBitForBitThoseThatLlamaCppWrites(TargetFormat target) throws Exception {
    Path out = folder.resolve("out.gguf");
    rewrite(golden("llama-tied.F32.gguf"), out, target, true);
    boolean small = target == TargetFormat.Q4_K || target == TargetFormat.Q5_K;
    String name = "llama-tied." + target + (small ? "_S" : "") + ".gguf";
    try (GgufFile ours = GgufFile.open(out);
        GgufFile theirs = GgufFile.open(golden(name))) {
      assertThat(ours.tensors()).hasSameSizeAs(theirs.tensors());
      for (GgufTensor expected : theirs.tensors()) {
        GgufTensor tensor = ours.tensor(expected.name()).orElseThrow();
        assertThat(tensor.type()).as(tensor.name()).isEqualTo(expected.type());
        assertThat(tensor.shape()).isEqualTo(expected.shape());
        assertThat(tensor.data().mismatch(expected.data())).as(tensor.name()).isEqualTo(-1);
      }
    }
  }

  /** A sparse file states any size; each worker would take the row as floats from the heap. */
  @Test
  void rowsThatNoModelHasAreRefusedByTheirTensor() throws Exception {
    long columns = 1 << 25;
    byte[] start =
        new GgufWriter()
            .string("general.architecture", "llama")
            .tensor("blk.0.ffn_up.weight", new float[2], columns, 2)
            .bytes();
    Path model = folder.resolve("sparse.gguf");
    try (RandomAccessFile file = new RandomAccessFile(model.toFile(), "rw")) {
      file.write(start);
      file.setLength(8 * columns + 4096);
    }
    Path out = folder.resolve("out.gguf");
    assertThatThrownBy(() -> rewrite(model, out, TargetFormat.Q8_0, true))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("blk.0.ffn_up.weight", "33554432");
    assertThat(out).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(TargetFormat.class)
  void theRewrittenModelAnswersNearlyAsTheOriginal(TargetFormat target) throws Exception {
    Path original = golden("llama-tied.F32.gguf");
    Path out = folder.resolve("out.gguf");
    rewrite(original, out, target, false);
    try (LanguageModel model = LanguageModel.load(out, pool);
        LanguageModel base = LanguageModel.load(original, pool)) {
      EvaluationText text = EvaluationText.of("Some text. ".repeat(60), base.tokenizer(), 64, 2);
      DivergenceStatistics result = new Evaluation(text, pool).divergence(model, base, s -> {});
      // The weights are random, so that rounding them matters more than in a trained model.
      double bound =
          switch (target) {
            case F32 -> 1e-9;
            case F16 -> 1e-3;
            case BF16 -> 0.01;
            case Q8_0 -> 0.05;
            case Q6_K -> 0.5;
            case Q5_0, Q5_1, Q5_K -> 2;
            case Q4_0, Q4_1, Q4_K -> 5;
          };
      assertThat(result.divergence().value()).isBetween(-1e-9, bound);
    }
  }

  @Test
  void otherMetadataAndTheAlignmentStay() throws Exception {
    GgufWriter writer =
        new GgufWriter()
            .alignment(128)
            .string("general.name", "a name")
            .integer("general.file_type", 0)
            .strings("words", "one", "zwei", "")
            .floats("numbers", 1, 2)
            .tensor("a.weight", values(33 * 64), 64, 33)
            .tensor("b.weight", values(96), 32, 3)
            .tensor("a_norm.weight", values(64), 32, 2)
            .tensor("a.bias", values(5), 5);
    Path in = Files.write(folder.resolve("in.gguf"), writer.bytes());
    Path out = folder.resolve("out.gguf");
    long size = rewrite(in, out, TargetFormat.Q4_1, true);
    assertThat(Files.size(out)).isEqualTo(size).isEqualTo(size / 128 * 128);
    try (GgufFile file = GgufFile.open(out)) {
      assertThat(file.metadata().keys())
          .containsExactly(
              "general.alignment",
              "general.name",
              "general.file_type",
              "words",
              "numbers",
              "general.quantization_version");
      assertThat(file.metadata().requireStrings("words")).containsExactly("one", "zwei", "");
      assertThat(file.metadata().floats("numbers").orElseThrow()).containsExactly(1, 2);
      assertThat(file.metadata().requireInteger("general.file_type")).isEqualTo(3);
      assertThat(file.metadata().requireInteger("general.quantization_version")).isEqualTo(2);
      assertThat(file.tensors()).extracting(GgufTensor::name).first().isEqualTo("a.weight");
      assertThat(file.tensors())
          .extracting(GgufTensor::type)
          .containsExactly(GgmlType.Q4_1, GgmlType.Q4_1, GgmlType.F32, GgmlType.F32);
      assertThat(file.tensor("a.bias").orElseThrow().data().toArray(ValueLayout.JAVA_FLOAT))
          .containsExactly(values(5));
    }
  }

  @Test
  void rowsThatBlocksDoNotFitGetTheNextBetterFormat() {
    GgufFile file =
        new GgufWriter()
            .tensor("a.weight", new float[96], 96, 1, 1)
            .tensor("b.weight", new float[512], 256, 2)
            .tensor("c.weight", new float[192], 96, 2)
            .tensor("d.weight", new float[66], 33, 2)
            .parse();
    assertThat(formats(file, TargetFormat.Q4_K)).isEqualTo("F32 Q4_K Q5_0 F16");
    assertThat(formats(file, TargetFormat.Q5_K)).isEqualTo("F32 Q5_K Q5_1 F16");
    assertThat(formats(file, TargetFormat.Q6_K)).isEqualTo("F32 Q6_K Q8_0 F16");
    assertThat(formats(file, TargetFormat.Q4_0)).isEqualTo("F32 Q4_0 Q4_0 F16");
    assertThat(formats(file, TargetFormat.BF16)).isEqualTo("F32 BF16 BF16 BF16");
    QuantizationPlan plan = QuantizationPlan.of(file, TargetFormat.Q4_K, false);
    assertThat(plan.tensors().stream().filter(t -> t.isFallback())).hasSize(2);
  }

  @Test
  void theOutputAndSomeLayersGetMoreBitsUnlessPure() {
    GgufWriter writer = new GgufWriter().tensor("token_embd.weight", new float[512], 256, 2);
    for (int i = 0; i < 16; i++) {
      writer.tensor("blk." + i + ".attn_v.weight", new float[512], 256, 2);
    }
    GgufFile tied = writer.parse();
    String middle = "Q4_K Q4_K Q6_K Q4_K Q4_K Q6_K Q4_K Q4_K Q6_K Q4_K Q4_K Q6_K";
    assertThat(formats(tied, TargetFormat.Q4_K))
        .isEqualTo("Q6_K Q6_K Q6_K " + middle + " Q6_K Q6_K");
    assertThat(formats(tied, TargetFormat.Q4_0)).startsWith("Q6_K Q4_0 Q4_0");
    assertThat(formats(tied, TargetFormat.Q8_0)).startsWith("Q8_0 Q8_0");
    assertThat(QuantizationPlan.of(tied, TargetFormat.Q4_K, true).tensors())
        .allMatch(t -> t.format() == GgmlType.Q4_K);
    GgufFile untied = writer.tensor("output.weight", new float[192], 96, 2).parse();
    assertThat(formats(untied, TargetFormat.Q4_K)).startsWith("Q4_K ").endsWith(" Q8_0");
  }

  @Test
  void aWeightThatCannotBeStoredIsNamedAndNoFileIsLeft() throws Exception {
    float[] weights = values(64 * 3);
    weights[2 * 64 + 40] = Float.NaN;
    GgufWriter writer = new GgufWriter().tensor("broken.weight", weights, 64, 3);
    Path in = Files.write(folder.resolve("in.gguf"), writer.bytes());
    Path out = Files.writeString(folder.resolve("out.gguf"), "before");
    assertThatThrownBy(() -> rewrite(in, out, TargetFormat.Q8_0, true))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("in.gguf", "broken.weight", "row 2", "NaN", "Q8_0");
    assertThat(out).hasContent("before");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(in, out);
    }
  }

  @Test
  void onlyRoundingAgainIsSaidToBeRequantising() throws Exception {
    Path in = golden("llama-tied.Q4_1.gguf");
    try (GgufFile file = GgufFile.open(in)) {
      assertThat(requantized(file, TargetFormat.Q8_0)).isEqualTo(15);
      assertThat(requantized(file, TargetFormat.F32)).isZero();
      assertThat(QuantizationPlan.of(file, TargetFormat.Q4_1, true).tensors())
          .allMatch(t -> t.isCopied());
    }
  }

  private static long requantized(GgufFile file, TargetFormat target) {
    return QuantizationPlan.of(file, target, true).tensors().stream()
        .filter(t -> t.isRequantized())
        .count();
  }

  private static String formats(GgufFile file, TargetFormat target) {
    return String.join(
        " ",
        QuantizationPlan.of(file, target, false).tensors().stream()
            .map(t -> t.format().name())
            .toList());
  }

  private long rewrite(Path in, Path out, TargetFormat target, boolean pure) throws IOException {
    List<Long> progress = new ArrayList<>();
    try (GgufFile file = GgufFile.open(in)) {
      QuantizationPlan plan = QuantizationPlan.of(file, target, pure);
      long size = new Quantizer(pool, progress::add).write(file, plan, out);
      assertThat(progress).isSorted().last().isEqualTo(plan.bytes());
      return size;
    }
  }

  private static float[] values(int n) {
    Random random = new Random(n);
    double[] values = IntStream.range(0, n).mapToDouble(i -> random.nextGaussian()).toArray();
    float[] floats = new float[n];
    for (int i = 0; i < n; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static Path golden(String name) {
    assumeTrue(
        GoldenFiles.folder().isPresent(), "skipped: no golden files (set SLIPSTREAM_GOLDEN)");
    return GoldenFiles.folder().get().resolve("tiny").resolve(name);
  }
}
