package dev.slipstream.draft;

import dev.slipstream.draft.application.DraftLimits;
import dev.slipstream.draft.application.DraftMetrics;
import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.draft.application.DraftVocabulary;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.models.catalog.ModelUnavailableException;
import dev.slipstream.models.gguf.ModelFormatException;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.transport.OnArrival;
import io.grpc.ServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** Wires the service from its properties. */
@Configuration(proxyBeanMethods = false)
class DraftConfiguration {
  private static final Logger log = LoggerFactory.getLogger(DraftConfiguration.class);

  /** A token id takes at most 5 bytes; the rest is for the other fields. */
  private static final int BYTES_PER_TOKEN = 5;

  private static final int MESSAGE_OVERHEAD_BYTES = 64 << 10;

  @Bean
  DraftStreams draftStreams(
      List<Drafter> drafters,
      DraftProperties properties,
      @Qualifier("drafterThreads") ExecutorService drafterThreads,
      MeterRegistry meters) {
    List<String> names = drafters.stream().map(Drafter::name).toList();
    String first = defaultDrafter(properties.defaultDrafter(), names);
    DraftVocabulary vocabulary = vocabulary(properties.model());
    log.info(
        "drafters {}, default {}, tokenizer {}, {} threads, up to {} streams",
        names,
        first,
        vocabulary.tokenizerDigest().isEmpty() ? "any" : vocabulary.tokenizerDigest(),
        properties.threads(),
        properties.maxStreams());
    return new DraftStreams(
        drafters, first, vocabulary, limits(properties), drafterThreads, new DraftMetrics(meters));
  }

  static String defaultDrafter(String wanted, List<String> names) {
    if (names.isEmpty()) {
      throw new IllegalStateException("this draft service was built without a drafter");
    }
    if (wanted.isEmpty()) {
      return names.getFirst();
    }
    if (!names.contains(wanted)) {
      throw new InvalidConfigurationPropertyValueException(
          "slipstream.draft.default-drafter", wanted, "must be one of " + String.join(", ", names));
    }
    return wanted;
  }

  private static DraftVocabulary vocabulary(String model) {
    try {
      return model.isEmpty() ? DraftVocabulary.any() : ModelVocabulary.load(model);
    } catch (ModelUnavailableException | ModelFormatException e) {
      throw new InvalidConfigurationPropertyValueException(
          "slipstream.draft.model", model, e.getMessage());
    }
  }

  private static DraftLimits limits(DraftProperties properties) {
    return new DraftLimits(
        properties.maxStreams(),
        properties.maxContext(),
        properties.maxIndexedTokens(),
        properties.maxNodes(),
        properties.resting());
  }

  /** A stream has one task at most, so the queue is as bounded as the streams are. */
  @Bean(destroyMethod = "shutdown")
  ExecutorService drafterThreads(DraftProperties properties) {
    return Executors.newFixedThreadPool(
        properties.threads(), Thread.ofPlatform().name("drafter-", 0).daemon().factory());
  }

  /** The longest prompt is one message. */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> maxMessageSize(
      DraftProperties properties) {
    int bytes = properties.maxContext() * BYTES_PER_TOKEN + MESSAGE_OVERHEAD_BYTES;
    return builder -> builder.maxInboundMessageSize(bytes);
  }

  /** What comes in is only noted; drafters have threads of their own. */
  @Bean
  <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> noteOnArrival() {
    return builder -> builder.callExecutor(new OnArrival(DraftServiceGrpc.getDraftMethod()));
  }
}
