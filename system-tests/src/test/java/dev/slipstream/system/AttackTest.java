package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.proto.v1.KvBlock;
import io.grpc.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/**
 * One client with a good key does its worst. What would be lost: the answers of the others, and the
 * gateway, to a liveness probe that waits behind him or to the system that kills what takes too
 * much memory.
 */
@Testcontainers
class AttackTest {
  private static final String ATTACKER = SecuredStack.KEYS.get(0);
  private static final String BYSTANDER = SecuredStack.KEYS.get(1);
  private static final int MEGABYTES_4 = 4 << 20;

  /** The chart's liveness probe: so many in a row that take longer end the gateway. */
  private static final Duration PROBE = Duration.ofSeconds(5);

  private static final int PROBES_THAT_KILL = 6;

  private static final int PROBES = 15;

  /** For a tiny request; it waits behind nobody, but on a machine that has much else to do. */
  private static final Duration PROMPTLY = Duration.ofSeconds(15);

  private static final int KV_PORT = 9093;

  @Container private static final Stack STACK = new Stack();

  private final Gateway attacker = STACK.gateway().withKey(ATTACKER);

  /** With a client of its own: that of the attacker has much to send. */
  private final Gateway bystander = Gateway.at(STACK.gateway().address()).withKey(BYSTANDER);

  static {
    for (Service gateway : STACK.containers("gateway")) {
      gateway.withEnv("SLIPSTREAM_GATEWAY_APIKEYS", SecuredStack.keys());
    }
    for (Service kv : STACK.containers("kv")) {
      kv.addExposedPort(KV_PORT);
    }
    for (Service target : STACK.containers("target")) {
      // A busy machine is no reason to leave kv alone: then nothing would be stored, or fetched.
      target.withEnv("SLIPSTREAM_TARGET_KV_PATIENCE", "30s");
    }
  }

  @BeforeEach
  void allIsWell() throws Exception {
    assertServed();
  }

  @AfterEach
  void nothingDied() {
    assertThat(STACK.containers()).allMatch(Service::isRunning);
  }

  @Test
  void bodiesThatAreNeverFinishedKeepNobodyElseWaiting() throws Exception {
    Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 400; i++) {
        threads.submit(() -> sendUnfinished(sockets));
      }
      assertAlive();
      for (int i = 0; i < 3; i++) {
        assertServed();
      }
      assertAlive();
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  /** All of a body but its last byte, for as long as the gateway takes it. */
  private Void sendUnfinished(Set<Socket> sockets) throws IOException {
    Socket socket = new Socket(attacker.address().getHost(), attacker.address().getPort());
    sockets.add(socket);
    try {
      OutputStream out = socket.getOutputStream();
      out.write(
          """
          POST /v1/chat/completions HTTP/1.1\r
          Host: gateway\r
          Authorization: Bearer %s\r
          Content-Type: application/json\r
          Content-Length: %d\r
          \r
          """
              .formatted(ATTACKER, MEGABYTES_4 - 1)
              .getBytes(StandardCharsets.ISO_8859_1));
      byte[] part = new byte[1 << 16];
      Arrays.fill(part, (byte) ' ');
      for (int sent = 0; sent < MEGABYTES_4 - part.length; sent += part.length) {
        out.write(part);
      }
      out.write(part, 0, part.length - 2);
    } catch (IOException refused) {
      socket.close();
    }
    return null;
  }

  @Test
  void promptsThatCannotFitKeepNobodyElseWaiting() throws Exception {
    byte[] body = tooLong();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> statuses = new ArrayList<>();
      for (int prompts : new int[] {60, 220}) {
        for (int i = 0; i < prompts; i++) {
          statuses.add(threads.submit(() -> status(body)));
        }
        assertAlive();
        for (int i = 0; i < 3; i++) {
          assertServed();
        }
      }
      for (Future<Integer> status : statuses) {
        assertThat(status.get()).as("of a prompt that cannot fit").isIn(400, 413, 429, 503);
      }
    }
  }

  private int status(byte[] body) throws InterruptedException {
    try {
      return attacker.post("/v1/chat/completions", body).statusCode();
    } catch (IOException e) {
      // Whoever is refused before he has sent his body may find the connection closed.
      return 503;
    }
  }

  /** A request as large as one may be, with some two million tokens. */
  private static byte[] tooLong() {
    String head = "{\"max_tokens\": 1, \"messages\": [{\"role\": \"user\", \"content\": \"";
    String tail = "\"}]}";
    StringBuilder body = new StringBuilder(MEGABYTES_4).append(head);
    while (body.length() < MEGABYTES_4 - tail.length() - 2) {
      body.append("a ");
    }
    return body.append(tail).toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void poisonedBlocksChangeNoAnswer() throws Exception {
    String prompt = "The harbour was quiet that night. ".repeat(12) + "Then, without a sound,";
    int[] tokens = bystander.tokenize(prompt);
    try (Insider insider = insider()) {
      HttpResponse<String> expected = attacker.completion(prompt, 24);
      assertThat(expected.statusCode()).as(expected.body()).isEqualTo(200);
      List<ByteString> good = insider.keys(ATTACKER, tokens);
      await()
          .atMost(Stack.PATIENCE)
          .until(() -> insider.fetch(ATTACKER, good).size() == good.size());
      List<KvBlock> blocks = insider.fetch(ATTACKER, good);
      List<ByteString> keys = insider.keys(BYSTANDER, tokens);
      assertThat(keys).hasSizeGreaterThan(3);
      float[] scales = {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE, -1};
      for (int i = 0; i < keys.size(); i++) {
        byte[] poison = blocks.get(i).getData().toByteArray();
        KvSlot slot = insider.layout().slot(3);
        int at = slot.keyOffset(0) + slot.dimension() * KvLayout.BLOCK_TOKENS * Short.BYTES;
        MemorySegment.ofArray(poison)
            .set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, scales[i % scales.length]);
        assertThat(insider.store(BYSTANDER, keys.get(i), poison)).isTrue();
      }

      for (int i = 0; i < 6; i++) {
        HttpResponse<String> answer = bystander.completion(prompt, 24);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(Gateway.completionText(answer.body()))
            .isEqualTo(Gateway.completionText(expected.body()));
      }
      assertThat(STACK.metric("target", "slipstream_kv_client_blocks_refused_total")).isPositive();
      await()
          .atMost(Stack.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(
                          insider.fetch(BYSTANDER, keys).stream().map(KvBlock::getCrc32C).toList())
                      .as("good blocks, in the place of the first poisoned one at least")
                      .startsWith(blocks.getFirst().getCrc32C()));
    }
  }

  @Test
  void oneKeyIsNotSentTwoThousandTimes() throws Exception {
    String prompt = "A lighthouse stood where the river meets the sea, and in it lived a keeper.";
    Gateway.text(bystander.chat("Hello", 1));
    assertThat(bystander.completion(prompt, 1).statusCode()).isEqualTo(200);
    try (Insider insider = insider()) {
      List<ByteString> keys = insider.keys(BYSTANDER, bystander.tokenize(prompt));
      await().atMost(Stack.PATIENCE).until(() -> insider.fetch(BYSTANDER, keys).size() == 1);
      double sent = STACK.metric("kv", "slipstream_kv_blocks_fetched_total");

      assertThatThrownBy(() -> insider.fetch(BYSTANDER, Collections.nCopies(2000, keys.getFirst())))
          .satisfies(
              thrown -> {
                Status status = Status.fromThrowable(thrown);
                assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
                assertThat(status.getDescription()).contains("keys[1] is keys[0]");
              });
      assertThat(STACK.metric("kv", "slipstream_kv_blocks_fetched_total")).isEqualTo(sent);
    }
  }

  private static Insider insider() throws Exception {
    Service kv = STACK.containers("kv").getFirst();
    return new Insider(kv.getHost() + ":" + kv.getMappedPort(KV_PORT), Hub.ofModel());
  }

  private void assertServed() throws Exception {
    long start = System.nanoTime();
    assertThat(Gateway.text(bystander.chat("Hello", 1))).isNotNull();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PROMPTLY);
  }

  /** Asks as Kubernetes does, but without pauses, in which a gateway might recover. */
  private void assertAlive() throws Exception {
    int late = 0;
    for (int i = 0; i < PROBES; i++) {
      late = answersInTime() ? 0 : late + 1;
      assertThat(late).as("late probes in a row").isLessThan(PROBES_THAT_KILL);
    }
  }

  /** On a connection of its own, as each probe is. */
  private boolean answersInTime() throws IOException {
    URL probe = bystander.address().resolve("/actuator/health/liveness").toURL();
    HttpURLConnection connection = (HttpURLConnection) probe.openConnection();
    connection.setRequestProperty("Connection", "close");
    connection.setConnectTimeout((int) PROBE.toMillis());
    connection.setReadTimeout((int) PROBE.toMillis());
    try {
      assertThat(connection.getResponseCode()).isEqualTo(200);
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } finally {
      connection.disconnect();
    }
  }
}
