package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.upstream.ChatFormat;
import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.TargetModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;

/** Gauges that drift would tell an operator, or an autoscaler, of answers that are long over. */
class RequestRecordTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final GatewayMetrics metrics = new GatewayMetrics(registry);
  private final PreparedRequest request =
      new PreparedRequest(
          GenerateRequest.getDefaultInstance(),
          "",
          Caller.ANYBODY,
          new UpstreamModel(
              TargetModel.newBuilder().setId("m").build(),
              TestVocabulary.tokenizer(),
              TestVocabulary.tokenizer().fewestTokens(),
              new ChatFormat.None()),
          new int[] {1},
          0,
          System.nanoTime());

  @Test
  void anAnswerWaitsThenRunsThenIsGone() {
    Sinks.Many<GenerationEvent> events = Sinks.many().unicast().onBackpressureBuffer();
    var client = metrics.observe(events.asFlux(), request, "id", new Defects(metrics)).subscribe();
    assertGauges(1, 0);
    events.tryEmitNext(new GenerationEvent.Started());
    assertGauges(0, 1);
    client.dispose();
    assertGauges(0, 0);
  }

  @Test
  void aClientThatLeavesJustAsItsAnswerStartsIsCountedOnce() {
    List<Subscriber<? super GenerationEvent>> upstream = new ArrayList<>();
    Flux<GenerationEvent> events =
        Flux.from(
            subscriber -> {
              subscriber.onSubscribe(Operators.emptySubscription());
              upstream.add(subscriber);
            });
    metrics.observe(events, request, "id", new Defects(metrics)).subscribe().dispose();
    upstream.getFirst().onNext(new GenerationEvent.Started());
    assertGauges(0, 0);
  }

  private void assertGauges(int waiting, int running) {
    assertThat(registry.get("slipstream.num.requests.waiting").gauge().value()).isEqualTo(waiting);
    assertThat(registry.get("slipstream.num.requests.running").gauge().value()).isEqualTo(running);
  }
}
