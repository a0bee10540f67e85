package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whoever has sent a request is not to lose its answer because that takes longer than sending. */
class RequestDeadlineTest {
  private static final int BODY = 100;

  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          new RequestDeadline(
              new HttpSettings(
                  BODY, Duration.ofDays(1), Duration.ofSeconds(10), Duration.ofDays(1), 1),
              new Connections(1)));

  RequestDeadlineTest() {
    channel.freezeTime();
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  private void ask() {
    channel.writeInbound(
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.GET, "/", Unpooled.EMPTY_BUFFER));
  }

  private void begin() {
    channel.writeInbound(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/"));
  }

  private void send(int bytes) {
    channel.writeInbound(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[bytes])));
  }

  private void answer() {
    channel.writeOutbound(
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.EMPTY_BUFFER));
  }

  private void pass(int seconds) {
    channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
  }

  @Test
  void requestsThatAreSentTogetherAreAllAnswered() {
    ask();
    ask();
    pass(60);
    answer();
    pass(60);
    assertThat(channel.isOpen()).as("the second one is still being answered").isTrue();
    answer();
    pass(9);
    assertThat(channel.isOpen()).isTrue();
    pass(1);
    assertThat(channel.isOpen()).as("there is no third one").isFalse();
  }

  /** Or a client with many requests would have as many times as long for each of them. */
  @Test
  void anAnswerBuysTheNextRequestNoTime() {
    ask();
    begin();
    pass(9);
    answer();
    pass(1);
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void theRestOfABodyThatIsAnsweredComesToAnEnd() {
    begin();
    send(BODY / 2);
    answer();
    send(BODY);
    assertThat(channel.isOpen()).isTrue();
    send(1);
    assertThat(channel.isOpen()).isFalse();
  }
}
