package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GenerationChunk;
import dev.slipstream.proto.v1.GenerationFinished;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.proto.v1.ListModelsResponse;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.ModelCard;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.Timings;
import dev.slipstream.proto.v1.Usage;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@Tag("suite")
class ChatCommandTest {

  @TempDir private Path home;
  private final ScriptedGateway gateway = new ScriptedGateway();
  private Server server;

  /** Answers every question with the same three tokens. */
  private static final class ScriptedGateway
      extends GenerationServiceGrpc.GenerationServiceImplBase {
    final List<GenerateRequest> requests = new CopyOnWriteArrayList<>();
    volatile Status refusal;
    volatile int notReadyYet;
    volatile int breaksOff;

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> out) {
      if (notReadyYet-- > 0) {
        out.onError(Status.UNAVAILABLE.withDescription("loading").asRuntimeException());
        return;
      }
      out.onNext(
          ListModelsResponse.newBuilder().addModels(ModelCard.newBuilder().setId("m")).build());
      out.onCompleted();
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> out) {
      requests.add(request);
      if (refusal != null) {
        out.onError(refusal.asRuntimeException());
        return;
      }
      for (String text : List.of("Par", "is", ".")) {
        var chunk = GenerationChunk.newBuilder().setText(text);
        out.onNext(GenerateResponse.newBuilder().setChunk(chunk).build());
      }
      if (breaksOff-- > 0) {
        out.onError(Status.UNAVAILABLE.withDescription("gone").asRuntimeException());
        return;
      }
      var finished =
          GenerationFinished.newBuilder()
              .setReason(FinishReason.FINISH_REASON_STOP)
              .setUsage(Usage.newBuilder().setCompletionTokens(3))
              .setTimings(Timings.newBuilder().setDecodeMs(100))
              .setSpeculation(
                  SpeculationStats.newBuilder()
                      .setState("on")
                      .setDrafted(4)
                      .setAccepted(3)
                      .setRounds(2)
                      .setLossless(Lossless.LOSSLESS_TOKEN));
      out.onNext(GenerateResponse.newBuilder().setFinished(finished).build());
      out.onCompleted();
    }
  }

  @BeforeEach
  void start() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(gateway)
            .build()
            .start();
  }

  @AfterEach
  void stop() {
    server.shutdownNow();
  }

  @Test
  void theAnswerGoesToStandardOutputAndItsStatisticsToStandardError() {
    Cli chat = chat("", "What", "is", "it?");
    assertThat(chat.exitCode()).isZero();
    assertThat(chat.out()).isEqualTo("Paris.\n");
    assertThat(chat.err())
        .contains("3 tokens", "20.0 tokens/s", "first token after", "4 drafted, 3 accepted")
        .contains("acceptance length 2.50", "lossless: token");
    assertThat(gateway.requests.getFirst().getChat().getMessages(0).getContent())
        .isEqualTo("What is it?");
  }

  @Test
  void answersAreGreedyUnlessAskedOtherwise() {
    chat("", "x");
    GenerateRequest plain = gateway.requests.getLast();
    assertThat(plain.getSampling().hasTemperature()).isTrue();
    assertThat(plain.getSampling().getTemperature()).isZero();
    assertThat(plain.hasMaxTokens()).isFalse();

    String[] options = {
      "x",
      "--temperature=0.5",
      "--seed=7",
      "--max-tokens=9",
      "--speculation=off",
      "--system=Be brief"
    };
    chat("", options);
    GenerateRequest tuned = gateway.requests.getLast();
    assertThat(tuned.getSampling().getTemperature()).isEqualTo(0.5f);
    assertThat(tuned.getSampling().getSeed()).isEqualTo(7);
    assertThat(tuned.getMaxTokens()).isEqualTo(9);
    assertThat(tuned.getSpeculation().getMode()).isEqualTo(SpeculationMode.SPECULATION_MODE_OFF);
    assertThat(tuned.getChat().getMessages(0).getContent()).isEqualTo("Be brief");
  }

  @Test
  void aConversationRemembersWhatWasSaid() {
    Cli chat = chat("one\n\ntwo\n");
    assertThat(chat.out()).isEqualTo("Paris.\nParis.\n");
    assertThat(gateway.requests.getLast().getChat().getMessagesList())
        .extracting(m -> m.getRole() + ":" + m.getContent())
        .containsExactly("user:one", "assistant:Paris.", "user:two");
  }

  /** Half an answer to nothing would puzzle the model, and some chat templates refuse it. */
  @Test
  void anAnswerThatBreaksOffIsNotRemembered() {
    gateway.breaksOff = 1;
    chat("one\ntwo\nthree\n");
    assertThat(gateway.requests.getLast().getChat().getMessagesList())
        .extracting(m -> m.getRole() + ":" + m.getContent())
        .containsExactly("user:two", "assistant:Paris.", "user:three");
  }

  @Test
  void aGatewayThatIsStillStartingIsWaitedFor() {
    gateway.notReadyYet = 3;
    assertThat(chat("", "x").out()).isEqualTo("Paris.\n");
  }

  @Test
  void aRefusalIsOneLineAndExitCodeOne() {
    gateway.refusal = Status.OUT_OF_RANGE.withDescription("The prompt is too long.");
    assertThat(chat("", "x")).isEqualTo(new Cli(1, "", "The prompt is too long.\n"));
  }

  @Test
  void inputThatIsNotUtf8IsRefusedAndNotSent() {
    byte[] latin = "Gr\u00fc\u00dfe\n".getBytes(StandardCharsets.ISO_8859_1);
    Cli chat =
        Cli.run(
            Map.of("SLIPSTREAM_HOME", home.toString()),
            new ByteArrayInputStream(latin),
            "chat",
            "--address",
            "127.0.0.1:" + server.getPort());
    assertThat(chat).isEqualTo(new Cli(1, "", "The input is not valid UTF-8.\n"));
    assertThat(gateway.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[::1]:%d", "localhost:%d", "127.0.0.1:%d", "[0:0:0:0:0:0:0:1]:%d"})
  void addressesOfAnyKindLeadToTheGateway(String address) {
    assumeTrue(!address.startsWith("[") || hasIpv6(), "skipped: this machine has no IPv6");
    Cli chat = chatAt(address.formatted(server.getPort()));
    assertThat(chat.out()).as(chat.err()).isEqualTo("Paris.\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"::1:9090", "localhost", "http://localhost:9090", "[::1]", "host:port", ":9090"})
  void anAddressOfAnotherFormIsRefusedWithTheFormThatItShouldHave(String address) {
    Cli chat = chatAt(address);
    assertThat(chat.exitCode()).isEqualTo(2);
    assertThat(chat.err()).contains("HOST:PORT", "[ADDRESS]:PORT", address).hasLineCount(1);
  }

  private Cli chatAt(String address) {
    return Cli.run(Map.of("SLIPSTREAM_HOME", home.toString()), "chat", "--address", address, "x");
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void optionsOutOfRangeAreWrongUsage() {
    assertThat(chat("", "x", "--temperature=3").exitCode()).isEqualTo(2);
    assertThat(chat("", "x", "--max-tokens=0").exitCode()).isEqualTo(2);
    assertThat(chat("", "x", "--speculation=maybe").exitCode()).isEqualTo(2);
    assertThat(chat("", "x", "--threads=2").exitCode()).isEqualTo(2);
    assertThat(chat("", "x", "--model=other").err()).contains("--model", "--address");
    assertThat(gateway.requests).isEmpty();
  }

  /** Twice, and one would look for the difference. */
  @Test
  void aModelThatCannotBeServedIsSaidOnceAndNotLoggedAsWell() throws Exception {
    Path broken = Files.writeString(home.resolve("broken.gguf"), "no model at all");
    var logged = new ListAppender<ILoggingEvent>();
    Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    logged.start();
    root.addAppender(logged);
    try {
      Cli chat =
          Cli.run(
              Map.of("SLIPSTREAM_HOME", home.toString()),
              "chat",
              "--model",
              broken.toString(),
              "x");
      assertThat(chat.exitCode()).isEqualTo(1);
      assertThat(chat.err()).startsWith("The model cannot be served: ").hasLineCount(1);
      assertThat(List.copyOf(logged.list))
          .extracting(ILoggingEvent::getFormattedMessage)
          .noneMatch(message -> message.contains("cannot be served"));
    } finally {
      root.detachAppender(logged);
    }
  }

  private Cli chat(String input, String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "chat";
    all[1] = "--address";
    all[2] = "127.0.0.1:" + server.getPort();
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    return Cli.runWithInput(Map.of("SLIPSTREAM_HOME", home.toString()), input, all);
  }
}
