package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys from a file, which change while the gateway runs. */
@Tag("suite")
@Timeout(60)
class KeyFileTest {
  private final FakeTarget target = FakeTarget.start();

  @AfterEach
  void stop() {
    target.close();
  }

  private static String line(String name) {
    return "%s %s\n".formatted(name, KeyHash.of(name));
  }

  private static int models(Gateway gateway, String key) {
    return gateway
        .send(
            HttpRequest.newBuilder(gateway.uri("/v1/models"))
                .header("Authorization", "Bearer " + key)
                .build())
        .status();
  }

  /** As Kubernetes changes a secret; a revoked key must not stay good. */
  @Test
  void aFileOfKeysIsReadAgainWhenItsLinkIsSwapped(@TempDir Path folder) throws Exception {
    swap(folder, "one", "# keys\n\n" + line("old"));
    try (Gateway following =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.api-keys-file=" + folder.resolve("current/keys"),
                "--slipstream.gateway.api-keys-interval=20ms")
            .awaitModels(1)) {
      assertThat(models(following, "old")).isEqualTo(200);

      swap(folder, "two", line("new"));
      await().until(() -> models(following, "new") == 200);
      assertThat(models(following, "old")).isEqualTo(401);

      swap(folder, "three", "not a key\n");
      swap(folder, "four", line("third"));
      await().until(() -> models(following, "third") == 200);

      swap(folder, "five", "");
      await().until(() -> models(following, "third") == 401);
    }
  }

  private static void swap(Path folder, String name, String keys) throws Exception {
    Path to = Files.createDirectory(folder.resolve(name));
    Files.writeString(to.resolve("keys"), keys);
    Path link = Files.createSymbolicLink(folder.resolve("next"), to);
    Files.move(link, folder.resolve("current"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void aGatewayWhoseKeysCannotBeReadDoesNotStart() {
    for (String argument :
        List.of(
            "--slipstream.gateway.api-keys-file=" + Path.of("/no/such/file"),
            "--slipstream.gateway.api-keys=alice plaintextkey")) {
      assertThatThrownBy(() -> Gateway.start(target.address(), "", argument))
          .rootCause()
          .message()
          .doesNotContain("plaintextkey");
    }
  }
}
