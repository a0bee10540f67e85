package dev.slipstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Logs are read by more people than may read what users ask, or use their keys. */
@Tag("suite")
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class SecrecyTest {
  private static final String KEY = "sk-slipstream-zebra";
  private static final String WRONG = "sk-slipstream-giraffe";
  private static final String PROMPT = "hippopotamus";
  private static final String ANSWER = "crocodile";
  private static final String CONFIGURED =
      "--slipstream.gateway.api-keys=someone " + KeyHash.of(KEY);

  @Test
  void theLogHasNeitherKeysNorTexts(CapturedOutput output) {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway = Gateway.start(target.address(), "", CONFIGURED).awaitModels(1)) {
      target.says(ANSWER);
      assertThat(post(gateway, KEY, "{\"prompt\": \"%s\"}".formatted(PROMPT))).isEqualTo(200);
      assertThat(post(gateway, KEY, "{\"prompt\": \"%s\", \"n\": 9}".formatted(PROMPT)))
          .isEqualTo(400);
      assertThat(post(gateway, KEY, "{\"prompt\": %s}".formatted(PROMPT))).isEqualTo(400);
      assertThat(post(gateway, WRONG, "{\"prompt\": \"%s\"}".formatted(PROMPT))).isEqualTo(401);
      target.script(
          decode -> decode.started().commit(ANSWER).fail(Status.INTERNAL.withDescription("lost")));
      assertThat(post(gateway, KEY, "{\"prompt\": \"%s\"}".formatted(PROMPT))).isEqualTo(500);
      target.says(ANSWER);
      grpc(gateway, KEY).forEachRemaining(event -> {});
      assertThatThrownBy(() -> grpc(gateway, WRONG).next()).hasMessageContaining("UNAUTHENTICATED");
      await().until(() -> output.toString().split("key=someone").length > 3);
    }
    assertThat(output.toString())
        .contains("1 API keys")
        .contains("status=401")
        .doesNotContain(KEY, WRONG, PROMPT, ANSWER, KeyHash.of(KEY).hex());
  }

  private static int post(Gateway gateway, String key, String body) {
    return gateway
        .send(
            HttpRequest.newBuilder(gateway.uri("/v1/completions"))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + key)
                .POST(BodyPublishers.ofString(body))
                .build())
        .status();
  }

  private static java.util.Iterator<?> grpc(Gateway gateway, String key) {
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "localhost:" + gateway.grpcPort(), InsecureChannelCredentials.create())
            .build();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    return GenerationServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .generate(GenerateRequest.newBuilder().setText(PROMPT).build());
  }

  /** An operator who opens the gateway to a network by mistake should see it. */
  @Test
  void aGatewayThatIsOpenToTheNetworkSaysSoOnce(CapturedOutput output) {
    try (FakeTarget target = FakeTarget.start()) {
      String warning = "no API keys are configured";
      Gateway.start(
              target.address(),
              "",
              "--server.address=127.0.0.1",
              "--spring.grpc.server.address=127.0.0.1")
          .close();
      Gateway.start(target.address(), "", CONFIGURED).close();
      assertThat(output).doesNotContain(warning);
      Gateway.start(target.address(), "").close();
      assertThat(output.toString().split(warning)).hasSize(2);
      assertThat(output).containsPattern("reaches HTTP port \\d+ or gRPC port \\d+");
    }
  }
}
