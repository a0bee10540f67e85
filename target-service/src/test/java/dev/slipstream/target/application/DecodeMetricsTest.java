package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.engine.speculation.Proposed;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator can see of why speculation helps or does not, as Prometheus reads it. */
@Timeout(60)
class DecodeMetricsTest extends DecodeLoopFixture {
  private static final PassCost COST =
      PassCost.of(Map.of(1, 0.010, 2, 0.014, 3, 0.0175, 5, 0.060, 32, 0.400));

  private final PrometheusMeterRegistry prometheus =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  @BeforeEach
  void scrapeable() {
    registry = prometheus;
  }

  @Test
  void costAndBreakEvenAreThereForEveryModelAndFormatWithTheirFormula() {
    new DecodeMetrics(prometheus, model.served(), COST);

    String cost = "model_name=\"toy\",rows=\"%d\"";
    assertThat(sample("verification_cost", labels(cost, 2))).isEqualTo(1.4);
    assertThat(sample("spec_decode_pass_seconds", labels(cost, 1))).isEqualTo(0.010);
    // 1 + a = 1.4, and 1 + a + a^2 = 1.75
    assertThat(breakEven(1)).isCloseTo(0.4, within());
    assertThat(breakEven(2)).isCloseTo(0.5, within());
    assertThat(breakEven(4)).as("6 times the price for at most 5 tokens").isEqualTo(1);
    assertThat(prometheus.scrape())
        .contains("# HELP slipstream_spec_decode_break_even_acceptance Acceptance rate a")
        .contains("1 + a + ... + a^k = T(1 + k)/T(1)")
        .contains("# HELP slipstream_spec_decode_pass_seconds T(rows)");
  }

  @Test
  void everyRequestIsCountedUnderTheReasonOfItsSpeculation() {
    start(settings(64, 64, 2));
    model.gate = new Semaphore(0);
    DecodeTask off = task(prompt(10, 1), 3, SamplingParams.greedy(), 0);
    Answer switchedOff = submit(off, new Answer());
    Answer withoutDrafts = submit(task(prompt(10, 2), 3), new Answer());
    // Enough for a token of each, whether they share the first pass or not, and for no whole
    // answer.
    model.gate.release(2);
    Answer.get(switchedOff.firstTokens);
    Answer.get(withoutDrafts.firstTokens);
    awaitState("off", "request", 1);
    awaitState("gated", "no_draft", 1);
    model.gate.release(1 << 20);
    switchedOff.outcome();
    withoutDrafts.outcome();

    awaitState("off", "request", 0);
    assertThat(finished("off", "request")).isEqualTo(1);
    assertThat(finished("gated", "no_draft")).isEqualTo(1);
    assertThat(finished("on", "gain")).isZero();
    assertThat(series("spec_decode_num_requests_finished_total")).hasSize(7);
  }

  @Test
  void aReasonThatAClientWritesIsNoLabel() {
    start(settings(64, 64, 1));
    DecodeTask task =
        new DecodeTask(
            new TaskOwner("id-4711", "tenant-4711"),
            prompt(10, 1),
            0,
            SamplingParams.greedy(),
            DecodeTask.NO_RULE,
            new DecodeTask.Ending(3, false, Set.of()),
            -1,
            new DecodeTask.Speculation(true, 9, "", "a reason in the client's own words"));
    submit(task, new Answer()).outcome();

    assertThat(finished("off", "no_draft_service")).isEqualTo(1);
    assertThat(prometheus.scrape()).doesNotContain("own words", "4711");
  }

  /** Which technique brings something can only be seen if their tokens are counted apart. */
  @Test
  void draftTokensAreCountedByDrafterAndSource() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 9);
    List<Integer> expected = model.greedy(prompt, 30);
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          if (step.baseLength() == prompt.length) {
            DraftTreeBuilder tree = DraftTree.builder(ToyModel.VOCABULARY, 8);
            int right = tree.add(expected.get(1), -1, NodeOrigin.of("copy", 0.5));
            tree.add(5, -1, NodeOrigin.of("guess", 0.25));
            tree.add(expected.get(2), right, NodeOrigin.of("copy", 0.5));
            answer.handle.join().propose(new Proposed(1, length, tree.build(), "fused", 0.5, 0));
          }
        };
    submit(task(prompt, 30), answer);

    assertThat(answer.tokens()).isEqualTo(expected);
    assertThat(answer.outcome().speculation().sources())
        .containsExactlyInAnyOrder(
            new Outcome.SourceFigures("copy", 2, 2), new Outcome.SourceFigures("guess", 1, 0));
    assertThat(sample("spec_decode_num_draft_tokens_total", bySource("copy"))).isEqualTo(2);
    assertThat(sample("spec_decode_num_accepted_tokens_total", bySource("copy"))).isEqualTo(2);
    assertThat(sample("spec_decode_num_expected_tokens_total", bySource("copy"))).isEqualTo(0.75);
    assertThat(sample("spec_decode_num_draft_tokens_total", bySource("guess"))).isEqualTo(1);
    assertThat(sample("spec_decode_num_accepted_tokens_total", bySource("guess"))).isZero();
    String byDrafter = "drafter=\"fused\",model_name=\"toy\"";
    assertThat(sample("spec_decode_num_drafts_total", byDrafter)).isEqualTo(1);
    assertThat(sample("spec_decode_draft_seconds_total", byDrafter)).isEqualTo(0.5);
    assertThat(
            sample("spec_decode_num_accepted_tokens_per_pos_total", byDrafter + ",position=\"1\""))
        .isEqualTo(1);
  }

  /** Or a client that invents names fills the memory of everybody who stores these series. */
  @Test
  void namesBeyondTheSixteenthAreOneSeries() {
    start(settings(64, 256, 1));
    int[] prompt = prompt(20, 9);
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          DraftTreeBuilder tree = DraftTree.builder(ToyModel.VOCABULARY, 8);
          tree.add(5, -1, NodeOrigin.of("source" + length, 0.5));
          answer
              .handle
              .join()
              .propose(new Proposed(length, length, tree.build(), "drafter" + length, 0, 0));
        };
    submit(task(prompt, 100), answer).outcome();

    assertThat(series("spec_decode_draft_seconds_total")).hasSize(17);
    assertThat(prometheus.scrape()).contains("drafter=\"other\"");
    assertThat(answer.outcome().speculation().sources()).hasSizeLessThanOrEqualTo(17);
  }

  private static String bySource(String source) {
    return "drafter=\"fused\",model_name=\"toy\",source=\"" + source + "\"";
  }

  private static Offset<Double> within() {
    return Offset.offset(1e-5);
  }

  private double breakEven(int tokens) {
    return sample(
        "spec_decode_break_even_acceptance",
        "draft_tokens=\"%d\",format=\"Q4_1\",model_name=\"toy\"".formatted(tokens));
  }

  private static String labels(String cost, int rows) {
    return "format=\"Q4_1\"," + cost.formatted(rows);
  }

  private void awaitState(String state, String reason, double value) {
    long end = System.nanoTime() + 30_000_000_000L;
    while (state(state, reason) != value && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(state(state, reason)).isEqualTo(value);
  }

  private double state(String state, String reason) {
    return sample("spec_decode_request_state", by(state, reason));
  }

  private double finished(String state, String reason) {
    return sample("spec_decode_num_requests_finished_total", by(state, reason));
  }

  private static String by(String state, String reason) {
    return "model_name=\"toy\",reason=\"%s\",state=\"%s\"".formatted(reason, state);
  }

  private double sample(String name, String labels) {
    String start = "slipstream_" + name + "{" + labels + "} ";
    return series(name).stream()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(start.length())))
        .findFirst()
        .orElseThrow(() -> new AssertionError(start + " is not in\n" + prometheus.scrape()));
  }

  private List<String> series(String name) {
    return prometheus
        .scrape()
        .lines()
        .filter(line -> line.startsWith("slipstream_" + name + "{"))
        .toList();
  }
}
