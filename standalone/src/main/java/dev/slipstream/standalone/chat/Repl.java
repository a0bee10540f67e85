package dev.slipstream.standalone.chat;

import io.grpc.StatusRuntimeException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * Reads questions until the input ends: from a terminal with line editing and history, or line by
 * line from a pipe.
 */
public final class Repl {

  private static final String HELP =
      "Ctrl-C ends an answer, Ctrl-D (or Ctrl-C at the prompt) ends the conversation.";

  private final Conversation conversation;
  private final InputStream in;
  private final PrintWriter out;
  private final PrintWriter err;

  /**
   * @param in read line by line where there is no terminal
   */
  public Repl(Conversation conversation, InputStream in, PrintWriter out, PrintWriter err) {
    this.conversation = conversation;
    this.in = in;
    this.out = out;
    this.err = err;
  }

  /**
   * @param history file for the questions asked at a terminal
   */
  public void run(Path history) throws IOException {
    if (System.console() != null && System.console().isTerminal()) {
      readTerminal(history);
    } else {
      readLines();
    }
  }

  private void readLines() throws IOException {
    // A decoder of its own reports what a reader would make U+FFFD of.
    var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answer(line);
      }
    } catch (CharacterCodingException e) {
      throw new IOException("The input is not valid UTF-8.", e);
    }
  }

  private void readTerminal(Path history) throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      // While an answer streams, Ctrl-C ends the answer; at the prompt the reader takes it.
      terminal.handle(Terminal.Signal.INT, signal -> conversation.cancel());
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .variable(LineReader.HISTORY_FILE, history)
              .build();
      err.println(HELP);
      while (true) {
        answer(reader.readLine("> "));
      }
    } catch (EndOfFileException | UserInterruptException e) {
      // The user has had enough.
    }
  }

  private void answer(String question) {
    if (question.isBlank()) {
      return;
    }
    try {
      var statistics = conversation.ask(question, this::print);
      out.println();
      err.println("[" + statistics.map(AnswerStatistics::line).orElse("cancelled") + "]");
    } catch (StatusRuntimeException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // A question that is refused, such as one over the context, does not end the conversation.
      out.println();
      err.println(e.getStatus().getDescription());
    }
    err.flush();
  }

  private void print(String text) {
    out.print(text);
    out.flush();
  }
}
