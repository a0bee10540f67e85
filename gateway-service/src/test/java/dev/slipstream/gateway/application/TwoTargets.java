package dev.slipstream.gateway.application;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Two targets that a test plays; the first one is asked first. */
abstract class TwoTargets {
  final FakeTarget first = FakeTarget.start();
  final FakeTarget second = FakeTarget.start();
  final Bench bench = new Bench(List.of(first, second), List.of(), Bench.SETTINGS);

  @AfterEach
  void stop() {
    bench.close();
    first.close();
    second.close();
  }

  /** The stream at the first target, which has sent some text that the client has. */
  FakeDecode begunAtFirst(Exchange chat, String text) {
    FakeDecode decode = first.next().started().commit(text);
    chat.awaitText(text);
    return decode;
  }
}
