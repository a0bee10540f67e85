package dev.slipstream.standalone.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;

class BenchPiecesTest {

  @TempDir private Path folder;

  @Test
  void quantilesAreThoseOfNumpy() {
    double[] samples = {5, 1, 4, 2};
    assertThat(Statistics.median(samples)).isEqualTo(3);
    assertThat(Statistics.quantile(samples, 0.99)).isCloseTo(4.97, within(1e-9));
    assertThat(Statistics.quantile(samples, 0)).isEqualTo(1);
    assertThat(Statistics.deviation(samples)).isCloseTo(1.8257, within(1e-4));
    assertThat(Statistics.deviation(new double[] {3})).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat", "copy"})
  void theSetsThatAreNamedInTheDocumentationAreThere(String name) throws Exception {
    PromptSet set = PromptSet.load(name);
    assertThat(set.prompts()).hasSizeGreaterThanOrEqualTo(12).doesNotHaveDuplicates();
    assertThat(set.name()).isEqualTo(name);
  }

  @Test
  void aFileOfPromptsIsReadAndAWrongLineIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("p.jsonl"), "{\"prompt\": \"hi\"}\n\n");
    assertThat(PromptSet.load(file.toString()).prompts()).containsExactly("hi");
    Files.writeString(file, "{\"prompt\": \"hi\"}\n{\"text\": 1}\n");
    assertThatThrownBy(() -> PromptSet.load(file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("line 2");
    assertThatThrownBy(() -> PromptSet.load("nonsense"))
        .hasMessage("'nonsense' is neither a set of prompts (chat, copy) nor a file.");
  }

  @Test
  void aChartIsWellFormedWithAPointForEachMeasurement() throws Exception {
    var points =
        List.of(
            new LineChart.Point(1, 1), new LineChart.Point(4, 1.7), new LineChart.Point(16, 5.25));
    var chart =
        new LineChart("a < b & c", "k", "cost", List.of(new LineChart.Series("2 threads", points)));
    Document svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(chart.svg().getBytes(StandardCharsets.UTF_8)));
    assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(3);
    double first = y(svg, 0);
    double last = y(svg, 2);
    assertThat(last).as("a larger value is higher up").isLessThan(first).isPositive();
  }

  @Test
  void csvQuotesAndLeavesOutWhatIsMissing() {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("a", "x \"y\", z");
    row.put("b", null);
    row.put("c", 1.5);
    assertThat(Tables.csv(List.of(row))).isEqualTo("a,b,c\n\"x \"\"y\"\", z\",,\"1.5\"\n");
  }

  private static double y(Document svg, int circle) {
    var attributes = svg.getElementsByTagName("circle").item(circle).getAttributes();
    return Double.parseDouble(attributes.getNamedItem("cy").getNodeValue());
  }
}
