package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** Whoever breaks this lets a crowd fill the gateway's memory, or refuses everybody after one. */
class AdmissionTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Admission admission = new Admission(2, new GatewayMetrics(registry));
  private final List<Throwable> failures = new ArrayList<>();

  private Disposable answer(Flux<String> events) {
    return answers(events, 1);
  }

  private Disposable answers(Flux<String> events, int count) {
    return admission.bounded(events, count).subscribe(event -> {}, failures::add);
  }

  @Test
  void refusesWhatIsTooMuchUntilAnAnswerIsOver() {
    Disposable first = answer(Flux.never());
    answer(Flux.never());
    answer(Flux.just("refused"));
    assertThat(failures).hasSize(1);
    assertThat(((ApiException) failures.getFirst()).error()).isInstanceOf(ApiError.Busy.class);
    assertThat(registry.get("slipstream.requests.refused").counter().count()).isEqualTo(1);

    first.dispose();
    answer(Flux.just("ends"));
    answer(Flux.error(new IllegalStateException("fails")));
    answer(Flux.never());
    assertThat(failures).hasSize(2);
    answer(Flux.never());
    assertThat(failures).hasSize(3);
  }

  @Test
  void severalAnswersTakeTheirPlacesTogetherOrNone() {
    Disposable one = answer(Flux.never());
    answers(Flux.never(), 2);
    assertThat(failures).hasSize(1);

    one.dispose();
    Disposable both = answers(Flux.never(), 2);
    answer(Flux.never());
    assertThat(failures).hasSize(2);
    both.dispose();
    answers(Flux.never(), 2);
    assertThat(failures).hasSize(2);
  }
}
