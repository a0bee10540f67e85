package dev.slipstream.benchmarks;

import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.text.template.ChatTemplate;
import dev.slipstream.text.template.ChatTurn;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From a chat to tokens and back, with a model's own vocabulary and template: one thread. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@State(Scope.Benchmark)
public class TextBenchmark {
  private static final String QUESTION =
      "Which rivers flow through Vienna, and how long is each of them? Answer in 3 lines; be exact.\n";

  /** As in {@code --model}; must have a chat template. */
  @Param("smollm2-135m-instruct")
  private String model;

  private Path file;
  private Tokenizer tokenizer;
  private ChatTemplate template;
  private final List<ChatTurn> chat = new ArrayList<>();
  private String text;
  private int[] tokens;

  @Setup
  public void read() throws IOException, InterruptedException {
    file = ModelResolver.ofEnvironment().resolve(model, ProgressListener.SILENT).file();
    try (GgufFile opened = GgufFile.open(file)) {
      tokenizer = Tokenizer.of(opened.metadata());
      template = ChatTemplate.of(opened.metadata(), tokenizer).orElseThrow();
    }
    for (int turn = 0; turn < 8; turn++) {
      chat.add(new ChatTurn("user", QUESTION));
      chat.add(new ChatTurn("assistant", QUESTION.repeat(4)));
    }
    chat.add(new ChatTurn("user", QUESTION));
    text = template.render(chat, true);
    tokens = tokenizer.encode(text, false, true);
  }

  /** A start reads this much of a model's file: metadata and vocabulary, no weights. */
  @Benchmark
  public Tokenizer vocabulary() throws IOException {
    try (GgufFile opened = GgufFile.open(file)) {
      return Tokenizer.of(opened.metadata());
    }
  }

  /** A chat of 17 turns, 4 kB. */
  @Benchmark
  public String render() {
    return template.render(chat, true);
  }

  @Benchmark
  public int[] encode() {
    return tokenizer.encode(text, false, true);
  }

  @Benchmark
  public String decode() {
    return tokenizer.decode(tokens);
  }
}
