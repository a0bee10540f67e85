package dev.slipstream.standalone;

import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.proto.v1.ModelCard;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits until the gateway offers a model. */
final class SuiteReadiness {

  private static final Duration POLL = Duration.ofMillis(20);

  private SuiteReadiness() {}

  /**
   * @param name what is waited for, as the start of a message
   * @param limit how long to wait at most
   * @param failure asked between attempts; why waiting is in vain
   * @param abandoned asked between attempts; true ends the wait
   * @return the models, or none if the wait was abandoned
   */
  static List<ModelCard> await(
      Channel gateway,
      String name,
      Duration limit,
      Supplier<Optional<String>> failure,
      BooleanSupplier abandoned)
      throws InterruptedException {
    var stub = GenerationServiceGrpc.newBlockingStub(gateway);
    long deadline = System.nanoTime() + limit.toNanos();
    String reason = "the gateway lists no model";
    while (System.nanoTime() < deadline) {
      if (abandoned.getAsBoolean()) {
        return List.of();
      }
      failure
          .get()
          .ifPresent(
              why -> {
                throw new Errors.CommandFailedException(why);
              });
      try {
        List<ModelCard> models =
            stub.withDeadlineAfter(Duration.ofSeconds(5))
                .listModels(ListModelsRequest.getDefaultInstance())
                .getModelsList();
        if (!models.isEmpty()) {
          return models;
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
