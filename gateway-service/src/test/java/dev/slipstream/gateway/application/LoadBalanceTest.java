package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDraft;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.proto.v1.GenerateRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever breaks this leaves half of the machines idle, or computes chats anew at every turn. */
@Timeout(120)
class LoadBalanceTest {
  private static final int CHATS = 200;

  private final FakeTarget target = FakeTarget.start().says("ok");
  private final FakeTarget otherTarget = FakeTarget.start().says("ok");
  private final FakeDraft draft = FakeDraft.start();
  private final FakeDraft otherDraft = FakeDraft.start();
  private final Bench bench =
      new Bench(List.of(target, otherTarget), List.of(draft, otherDraft), Bench.SETTINGS);

  @AfterEach
  void stop() {
    bench.close();
    List.of(target, otherTarget).forEach(FakeTarget::close);
    List.of(draft, otherDraft).forEach(FakeDraft::close);
  }

  @ParameterizedTest(name = "{0} at a time")
  @ValueSource(ints = {1, 16})
  void shortChatsSpreadOverTargetsAndDrafts(int atOnce) {
    Deque<Exchange> open = new ArrayDeque<>();
    for (int i = 0; i < CHATS; i++) {
      open.add(bench.begin(Bench.chat("What is the next number after " + i + "?")));
      if (open.size() == atOnce) {
        assertThat(open.remove().answer()).isEqualTo("ok");
      }
    }
    open.forEach(Exchange::answer);
    assertThat(bench.endpoint(target).opened()).isBetween(CHATS * 4 / 10L, CHATS * 6 / 10L);
    assertThat(bench.counter("slipstream.target.requests")).isEqualTo(CHATS);
    assertThat(bench.counter("slipstream.draft.requests")).isEqualTo(CHATS);
    assertThat(bench.counter("slipstream.draft.requests", "draft", draft.address()))
        .isBetween(CHATS * 0.4, CHATS * 0.6);
  }

  @Test
  void aChatThatGoesOnStaysWhereItsPastIs() {
    List<FakeTarget> homes = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      homes.add(answerer(Bench.chat(i + " is the number of this chat")));
    }
    assertThat(homes).contains(target, otherTarget);
    for (int i = 11; i >= 0; i--) {
      assertThat(answerer(Bench.chat(i + " is the number of this chat", "ok", "Go on")))
          .as("chat %d", i)
          .isSameAs(homes.get(i));
    }
  }

  private FakeTarget answerer(GenerateRequest.Builder request) {
    bench.begin(request).answer();
    FakeTarget by = target.isIdle() ? otherTarget : target;
    by.next();
    return by;
  }
}
