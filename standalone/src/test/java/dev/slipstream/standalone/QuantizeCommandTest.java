package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.model.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both commands that work on model files, from the command line to what they print. */
class QuantizeCommandTest {

  @TempDir private Path home;
  private Path model;

  @BeforeEach
  void writeModel() {
    model = TinyModel.write(home.resolve("tiny.gguf"), 1, 256);
  }

  @Test
  void theRewrittenModelIsNearTheOriginalInThePerplexityReport() throws Exception {
    Path out = home.resolve("q8.gguf");
    Cli written = run("quantize", model, out, "q8_0", "--threads", 1);
    assertThat(written.err()).contains("Writing " + out).doesNotContain("Requantising");
    assertThat(written.out()).startsWith(out + ": ").endsWith("(5 F32, 15 Q8_0)\n");
    Path text =
        Files.writeString(home.resolve("text"), "It was a dark and stormy night. ".repeat(20));

    Cli alone = run("perplexity", "--model", out, text, "--ctx", 64, "--chunks", 2);
    assertThat(alone.out())
        .matches("\\[1]\\d+\\.\\d{4},\\[2]\\d+\\.\\d{4},\nFinal estimate: PPL = \\S+ \\+/- \\S+\n");

    Cli compared = run("perplexity", "--model", out, "--base", model, text, "--ctx", 64);
    assertThat(compared.exitCode()).isZero();
    assertThat(compared.out())
        .startsWith("chunk             PPL               ln(PPL(Q)/PPL(base))")
        .contains("Mean PPL(Q)                   : ", "Maximum KLD:  0.0", "99.0%   KLD:  0.0")
        .contains("RMS Δp    :  ", "Same top p: ")
        .containsPattern("Mean    KLD: +0\\.0\\d+ ± +0\\.0\\d+\n");
  }

  @Test
  void roundingAgainIsSaid() {
    Path q8 = home.resolve("q8.gguf");
    run("quantize", model, q8, "Q8_0");
    assertThat(run("quantize", q8, home.resolve("q4.gguf"), "Q4_K").err())
        .contains("Requantising 12 tensors from Q8_0")
        .contains("Q5_0 instead of Q4_K, whose blocks do not fit the rows: 12 of the tensors");
  }

  @Test
  void theSourceIsNeverOverwritten() throws Exception {
    byte[] before = Files.readAllBytes(model);
    Path link = Files.createSymbolicLink(home.resolve("link.gguf"), model);
    for (Path out : new Path[] {model, link}) {
      Cli refused = run("quantize", model, out, "F16");
      assertThat(refused.exitCode()).isEqualTo(1);
      assertThat(refused.err()).contains("the same file");
    }
    assertThat(model).hasBinaryContent(before);
  }

  @Test
  void whatCannotBeDoneIsExplained() throws Exception {
    Path out = home.resolve("out.gguf");
    Cli unknown = run("quantize", model, out, "Q9");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("Q9", "F32", "Q4_1", "Q6_K");

    Path text = Files.writeString(home.resolve("text"), "not a model");
    assertThat(run("quantize", text, out, "F16").err()).contains("text", "GGUF");

    Path nowhere = home.resolve("none/out.gguf");
    Cli missing = run("quantize", model, nowhere, "F16");
    assertThat(missing.exitCode()).isEqualTo(1);
    assertThat(missing.err()).contains("out.gguf was not written", "no directory", "none");

    assertThat(run("perplexity", "--model", model, text).err()).contains("512", "256");
    Cli tooShort = run("perplexity", "--model", model, text, "--ctx", 64);
    assertThat(tooShort.exitCode()).isEqualTo(1);
    assertThat(tooShort.err())
        .startsWith(text + " is too short: at least 128 tokens are needed")
        .contains("--ctx")
        .hasLineCount(1);
    assertThat(run("perplexity", "--model", model, home.resolve("no")).err())
        .contains("There is no file");
    assertThat(out).doesNotExist();
  }

  private Cli run(Object... arguments) {
    String[] strings = Arrays.stream(arguments).map(Object::toString).toArray(String[]::new);
    return Cli.run(Map.of("SLIPSTREAM_HOME", home.toString()), strings);
  }
}
