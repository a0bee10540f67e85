package dev.slipstream.standalone;

import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows how a model's tokenizer cuts text; needs the vocabulary only, not the weights. */
@Command(
    name = "tokenize",
    description = {
      "Cut the text on standard input (UTF-8) into the model's tokens.",
      "No tokens are added at its start. A GGUF file without weights will do."
    })
final class TokenizeCommand implements Callable<Integer> {

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(names = "--ids", description = "Print token ids only, separated by spaces.")
  private boolean idsOnly;

  @Option(
      names = "--no-parse-special",
      description = "Take special tokens in the text for ordinary text.")
  private boolean noParseSpecial;

  @Option(
      names = {"-0", "--null"},
      description =
          "The input is any number of texts, each ended by a NUL; prints one line for each.")
  private boolean nulSeparated;

  TokenizeCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    var file = model.resolve(environment, spec.commandLine().getErr()).file();
    try (GgufFile gguf = GgufFile.open(file)) {
      Tokenizer tokenizer = Tokenizer.of(gguf.metadata());
      for (String text : texts(environment.in())) {
        int[] ids = tokenizer.encode(text, false, !noParseSpecial);
        out.println(
            Arrays.stream(ids)
                .mapToObj(id -> idsOnly ? Integer.toString(id) : readable(tokenizer, id))
                .collect(Collectors.joining(" ")));
      }
    }
    out.flush();
    return 0;
  }

  private List<String> texts(InputStream in) throws IOException {
    byte[] bytes = in.readAllBytes();
    if (!nulSeparated) {
      return List.of(decode(bytes, 0, bytes.length));
    }
    List<String> texts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        texts.add(decode(bytes, start, i));
        start = i + 1;
      }
    }
    if (start < bytes.length) {
      texts.add(decode(bytes, start, bytes.length));
    }
    return texts;
  }

  private static String decode(byte[] bytes, int start, int end) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, start, end - start))
          .toString();
    } catch (CharacterCodingException e) {
      throw new Errors.CommandFailedException("Standard input is not valid UTF-8.", e);
    }
  }

  private static String readable(Tokenizer tokenizer, int id) {
    String piece =
        tokenizer.isControl(id)
            ? tokenizer.name(id)
            : '"' + escaped(new String(tokenizer.bytes(id), StandardCharsets.UTF_8)) + '"';
    return id + ":" + piece;
  }

  private static String escaped(String piece) {
    return piece
        .replace("\\", "\\\\")
        .replace("\"", "\\\"")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", "\\t");
  }
}
