package dev.slipstream.standalone.chat;

import dev.slipstream.proto.v1.ChatMessage;
import dev.slipstream.proto.v1.ChatPrompt;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Messages so far, and the next answer. One thread talks; another may cancel. */
public final class Conversation {

  private final GenerationServiceGrpc.GenerationServiceBlockingStub gateway;
  private final ChatOptions options;
  private final List<ChatMessage> messages = new ArrayList<>();
  private volatile Context.@Nullable CancellableContext running;

  /**
   * @param system instructions that precede everything, if any
   */
  public Conversation(Channel gateway, ChatOptions options, Optional<String> system) {
    this.gateway = GenerationServiceGrpc.newBlockingStub(gateway);
    this.options = options;
    system.ifPresent(text -> messages.add(message("system", text)));
  }

  /**
   * Asks, and streams the answer's text to {@code out}.
   *
   * @return what is to be told about the answer; nothing if it was cancelled
   * @throws StatusRuntimeException if the gateway refuses or fails
   */
  public Optional<AnswerStatistics> ask(String text, Consumer<String> out) {
    messages.add(message("user", text));
    StringBuilder answer = new StringBuilder();
    Context.CancellableContext context = Context.current().withCancellation();
    running = context;
    Context before = context.attach();
    try {
      return receive(answer, out);
    } catch (StatusRuntimeException e) {
      if (context.isCancelled() && e.getStatus().getCode() == Status.Code.CANCELLED) {
        return Optional.empty();
      }
      answer.setLength(0);
      throw e;
    } finally {
      running = null;
      context.detach(before);
      context.cancel(null);
      // Turns go in pairs: a question without an answer was not part of the conversation.
      if (answer.isEmpty()) {
        messages.removeLast();
      } else {
        messages.add(message("assistant", answer.toString()));
      }
    }
  }

  private Optional<AnswerStatistics> receive(StringBuilder answer, Consumer<String> out) {
    long start = System.nanoTime();
    long firstTokenNanos = -1;
    Iterator<GenerateResponse> events = gateway.generate(request());
    while (events.hasNext()) {
      GenerateResponse event = events.next();
      switch (event.getEventCase()) {
        case CHUNK -> {
          if (firstTokenNanos < 0) {
            firstTokenNanos = System.nanoTime() - start;
          }
          answer.append(event.getChunk().getText());
          out.accept(event.getChunk().getText());
        }
        case FINISHED -> {
          return Optional.of(new AnswerStatistics(event.getFinished(), firstTokenNanos / 1e6));
        }
        case STARTED, EVENT_NOT_SET -> {}
      }
    }
    throw Status.UNAVAILABLE
        .withDescription("The gateway ended the answer without finishing it.")
        .asRuntimeException();
  }

  private GenerateRequest request() {
    var request =
        GenerateRequest.newBuilder()
            .setChat(ChatPrompt.newBuilder().addAllMessages(messages))
            .setSampling(options.sampling())
            .setSpeculation(options.speculationOptions());
    options.maxTokens().ifPresent(request::setMaxTokens);
    return request.build();
  }

  /** Ends the answer that is under way, if any; what has been said stays said. */
  public boolean cancel() {
    Context.CancellableContext context = running;
    return context != null && context.cancel(null);
  }

  private static ChatMessage message(String role, String content) {
    return ChatMessage.newBuilder().setRole(role).setContent(content).build();
  }
}
