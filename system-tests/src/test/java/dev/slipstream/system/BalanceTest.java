package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What operators would lose: the half of a second target or draft service that stands idle. */
@ExtendWith(SharedStack.class)
class BalanceTest {
  private static final int CHATS = 200;
  private static final int TOKENS = 12;

  private final Stack stack;
  private Service second;

  BalanceTest(Stack stack) {
    this.stack = stack;
  }

  @BeforeEach
  void addADraft() {
    second = stack.add(new Service("draft"));
    second.start();
    awaitDrafts(2);
  }

  @AfterEach
  void removeIt() {
    stack.remove(second);
    awaitDrafts(1);
  }

  private void awaitDrafts(int drafts) {
    await()
        .atMost(Stack.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(stack.gateway().metric("slipstream_draft_requests_total", "draft"))
                    .hasSize(drafts));
  }

  @Test
  void shortChatsSpreadOverTargetsAndDrafts() throws Exception {
    Gateway gateway = stack.gateway();
    Map<String, Double> targets = served("target", "slipstream_request_queue_time_seconds_count");
    Map<String, Double> drafts = served("draft", "slipstream_draft_propose_seconds_count");
    Map<String, Double> streams = gateway.metric("slipstream_draft_requests_total", "draft");
    for (int i = 0; i < CHATS; i++) {
      // Words that come again, so that drafts have something to propose.
      Gateway.text(gateway.chat(i + " and " + i + " and " + i + " and", TOKENS));
    }
    assertEven(targets, served("target", "slipstream_request_queue_time_seconds_count"), CHATS);
    assertEven(streams, gateway.metric("slipstream_draft_requests_total", "draft"), CHATS);
    assertThat(increase(drafts, served("draft", "slipstream_draft_propose_seconds_count")).values())
        .as("proposals of each draft")
        .allMatch(proposals -> proposals > 0);
  }

  /** What each container of a service says of itself. */
  private Map<String, Double> served(String service, String metric) throws IOException {
    Map<String, Double> served = new TreeMap<>();
    for (Service container : stack.containers(service)) {
      served.put(container.getContainerId(), container.metric(metric));
    }
    return served;
  }

  private static Map<String, Double> increase(
      Map<String, Double> before, Map<String, Double> after) {
    Map<String, Double> increase = new TreeMap<>(after);
    before.forEach((name, value) -> increase.merge(name, -value, Double::sum));
    return increase;
  }

  private static void assertEven(
      Map<String, Double> before, Map<String, Double> after, double total) {
    Map<String, Double> shares = increase(before, after);
    System.out.println("Balance: " + shares.values());
    assertThat(shares).hasSize(2);
    assertThat(shares.values().stream().mapToDouble(share -> share).sum()).isEqualTo(total);
    assertThat(shares.values()).allMatch(share -> share >= 0.4 * total && share <= 0.6 * total);
  }
}
