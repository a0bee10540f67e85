package dev.slipstream.standalone;

import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.standalone.suite.Suite;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** Waits until the gateway offers a model. */
final class SuiteReadiness {

  private static final Duration POLL = Duration.ofMillis(20);

  private SuiteReadiness() {}

  /**
   * Waits for a suite of one's own. One that does not become ready, or is not waited for any
   * longer, is abandoned.
   */
  static void await(Suite suite, Duration limit) throws InterruptedException {
    ManagedChannel channel = suite.gateway();
    try {
      await(channel, "The suite", limit, suite::failure);
    } catch (StatusRuntimeException e) {
      // It answers, if only to those who have a key.
      if (e.getStatus().getCode() != Status.Code.UNAUTHENTICATED) {
        suite.abandon();
        throw e;
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      suite.abandon();
      throw e;
    } finally {
      channel.shutdownNow();
    }
  }

  /**
   * @param name what is waited for, as the start of a message
   * @param limit how long to wait at most
   * @param failure asked between attempts; why waiting is in vain
   */
  static void await(
      Channel gateway, String name, Duration limit, Supplier<Optional<String>> failure)
      throws InterruptedException {
    var stub = GenerationServiceGrpc.newBlockingStub(gateway);
    long deadline = System.nanoTime() + limit.toNanos();
    String reason = "the gateway lists no model";
    while (System.nanoTime() < deadline) {
      failure
          .get()
          .ifPresent(
              why -> {
                throw new Errors.CommandFailedException(why);
              });
      try {
        if (stub.withDeadlineAfter(Duration.ofSeconds(5))
                .listModels(ListModelsRequest.getDefaultInstance())
                .getModelsCount()
            > 0) {
          return;
        }
      } catch (StatusRuntimeException e) {
        if (!mayPass(e.getStatus())) {
          throw e;
        }
        reason = e.getStatus().getDescription();
      }
      Thread.sleep(POLL);
    }
    throw new Errors.CommandFailedException(
        name + " is not ready after " + limit.toSeconds() + " s: " + reason + ".");
  }

  private static boolean mayPass(Status status) {
    return status.getCode() == Status.Code.UNAVAILABLE
        || status.getCode() == Status.Code.DEADLINE_EXCEEDED;
  }
}
