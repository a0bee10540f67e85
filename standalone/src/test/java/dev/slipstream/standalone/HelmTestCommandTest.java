package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.slipstream.standalone.chart.Chart;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whether the command lines in the chart are ones that this command line takes. */
@ExtendWith(Chart.Extension.class)
class HelmTestCommandTest {

  @Test
  void theChartsCommandsAreOurs(Chart chart) {
    List<List<String>> commands =
        chart
            .render("{gateway: {service: {httpPort: 80, grpcPort: 90}}, draft: {model: a}}")
            .arguments();
    assertThat(commands).as("two pulls, a chat and a bench").hasSize(4);
    for (List<String> command : commands) {
      var main = Main.commandLine(Cli.environment(Map.of(), InputStream.nullInputStream()));
      assertThatCode(() -> main.parseArgs(command.toArray(String[]::new)))
          .as(command.toString())
          .doesNotThrowAnyException();
    }
    assertThat(commands)
        .anySatisfy(c -> assertThat(c).contains("chat", "slip-slipstream-gateway:90"))
        .anySatisfy(c -> assertThat(c).contains("bench", "http://slip-slipstream-gateway:80"));
  }
}
