package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whether the line that {@code slipstream serve} prints works. */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
class CurlTest {

  private static String curl(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 3];
    command[0] = "curl";
    command[1] = "-sN";
    command[2] = "-m60";
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, "skipped: there is no curl here");
      throw e;
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void streamsEvents(RunningSuite suite) throws Exception {
    String output =
        curl(
            suite.uri("/v1/chat/completions").toString(),
            "-H",
            "Content-Type: application/json",
            "-d",
            """
            {"model": "smollm2-135m-instruct", "stream": true, "temperature": 0, "max_tokens": 12,
             "messages": [{"role": "user", "content": "What is the capital of France?"}]}""");
    assertThat(output).startsWith("data: {").endsWith("data: [DONE]\n\n").contains(" Paris");
  }

  @Test
  void showsErrorsAndHealth(RunningSuite suite) throws Exception {
    assertThat(curl(suite.uri("/v1/chat/completions").toString()))
        .contains("\"code\":\"method_not_supported\"", "POST");
    assertThat(curl(suite.uri("/nowhere").toString())).contains("\"code\":\"unknown_url\"");
    assertThat(curl(suite.uri("/health").toString())).isEqualTo("{\"status\":\"ok\"}");
  }
}
