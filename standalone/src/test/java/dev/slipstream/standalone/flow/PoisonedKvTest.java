package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvSlot;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import dev.slipstream.proto.v1.TokenIds;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.target.transport.TargetProvider;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever can store a block under a text's key decides what attention reads of that text. Users
 * must get the answer all the same, and the block must not be there for the next one.
 */
@Tag("suite")
class PoisonedKvTest {
  private static final int PROMPT_TOKENS = 60;
  private static final int TOKENS = 12;

  /** The block that is poisoned, of the three that a cache may provide for the prompt. */
  private static final int POISONED = 1;

  private enum Poison {
    NOT_A_NUMBER((block, layout) -> scale(block, layout, Float.NaN)),
    INFINITE((block, layout) -> scale(block, layout, Float.POSITIVE_INFINITY)),
    OVERFLOWING((block, layout) -> scale(block, layout, Float.MAX_VALUE)),
    LARGE((block, layout) -> scale(block, layout, 1e20f)),
    NEGATIVE((block, layout) -> scale(block, layout, -0.01f)),
    NEGATIVE_ZERO((block, layout) -> scale(block, layout, -0f)),
    SUBNORMAL((block, layout) -> scale(block, layout, 1e-40f)),
    ZERO((block, layout) -> new byte[block.length]),
    ONES((block, layout) -> filled(block.length, (byte) -1)),
    RANDOM((block, layout) -> random(block.length)),
    TRUNCATED((block, layout) -> Arrays.copyOf(block, block.length / 2)),
    TOO_LONG((block, layout) -> Arrays.copyOf(block, block.length + 1)),
    SHIFTED((block, layout) -> shifted(block)),
    NONE((block, layout) -> block);

    private final BiFunction<byte[], KvLayout, byte[]> change;

    Poison(BiFunction<byte[], KvLayout, byte[]> change) {
      this.change = change;
    }

    byte[] prepare(byte[] block, KvLayout layout) {
      return change.apply(block.clone(), layout);
    }

    private static byte[] scale(byte[] block, KvLayout layout, float scale) {
      KvSlot slot = layout.slot(layout.slots() / 2);
      int integers = slot.dimension() * KvLayout.BLOCK_TOKENS * Short.BYTES;
      MemorySegment.ofArray(block)
          .set(ValueLayout.JAVA_FLOAT_UNALIGNED, slot.valueOffset(0) + integers, scale);
      return block;
    }

    private static byte[] filled(int length, byte value) {
      byte[] filled = new byte[length];
      Arrays.fill(filled, value);
      return filled;
    }

    private static byte[] random(int length) {
      byte[] random = new byte[length];
      new Random(1).nextBytes(random);
      return random;
    }

    private static byte[] shifted(byte[] block) {
      byte[] shifted = new byte[block.length];
      System.arraycopy(block, 0, shifted, 2, block.length - 2);
      return shifted;
    }
  }

  @Test
  void answersAreTheSameAndThePoisonIsGone(@TempDir Path home) throws Exception {
    Map<Poison, List<Integer>> expected = new EnumMap<>(Poison.class);
    Map<Poison, List<KvBlock>> blocks = new EnumMap<>(Poison.class);
    KvLayout layout;
    try (Kv clean = new Kv(home)) {
      layout = clean.model.kvLayout();
      for (Poison poison : Poison.values()) {
        expected.put(poison, clean.ask(poison));
        blocks.put(poison, clean.fetchAll(poison));
      }
    }
    try (Kv poisoned = new Kv(home)) {
      for (Poison poison : Poison.values()) {
        List<KvBlock> stored = new ArrayList<>(blocks.get(poison));
        KvBlock good = stored.get(POISONED);
        stored.set(
            POISONED, block(good.getKey(), poison.prepare(good.getData().toByteArray(), layout)));
        poisoned.store(stored);
      }
      for (int round = 0; round < 2; round++) {
        Map<Poison, List<Integer>> answers = poisoned.askAll();
        for (Poison poison : Poison.values()) {
          assertThat(answers.get(poison)).as(poison.name()).isEqualTo(expected.get(poison));
        }
      }
      for (Poison poison : Poison.values()) {
        await()
            .atMost(Flow.PATIENCE)
            .untilAsserted(
                () ->
                    assertThat(poisoned.fetch(poison).equals(blocks.get(poison)))
                        .as("%s: the blocks of the text are the right ones again", poison)
                        .isTrue());
      }
    }
  }

  private static GenerateRequest request(Poison poison) {
    return GenerateRequest.newBuilder()
        .setTokenIds(
            TokenIds.newBuilder().addAllIds(Arrays.stream(prompt(poison)).boxed().toList()))
        .setMaxTokens(TOKENS)
        .setIgnoreEos(true)
        .setSampling(SamplingParams.newBuilder().setTemperature(0))
        .build();
  }

  private static int[] prompt(Poison poison) {
    return new Random(poison.ordinal()).ints(PROMPT_TOKENS, 100, 40_000).toArray();
  }

  private static KvBlock block(ByteString key, byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    return KvBlock.newBuilder()
        .setKey(key)
        .setData(ByteString.copyFrom(data))
        .setCrc32C((int) crc.getValue())
        .build();
  }

  /** A suite, its users, and somebody who can reach its kv-service. */
  private static final class Kv implements AutoCloseable {
    private final EmbeddedSuite suite;
    private final ManagedChannel gateway;
    private final ManagedChannel kv;
    final ServedModel model;

    Kv(Path home) throws Exception {
      suite = EmbeddedSuite.start(Flow.settings(home, Map.of()));
      gateway = Flow.connect(suite.grpcAddress().orElseThrow());
      kv =
          InProcessChannelBuilder.forName(
                  suite
                      .context(Service.KV)
                      .getEnvironment()
                      .getRequiredProperty("spring.grpc.server.inprocess.name"))
              .build();
      model = suite.context(Service.TARGET).getBean(TargetProvider.class).served().model();
    }

    List<Integer> ask(Poison poison) {
      return Flow.ask(gateway, request(poison)).ids();
    }

    /** All at once, so that they are each other's neighbours. */
    Map<Poison, List<Integer>> askAll() throws Exception {
      Map<Poison, Future<List<Integer>>> asked = new EnumMap<>(Poison.class);
      Map<Poison, List<Integer>> answers = new EnumMap<>(Poison.class);
      try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
        for (Poison poison : Poison.values()) {
          asked.put(poison, users.submit(() -> ask(poison)));
        }
      }
      for (Poison poison : Poison.values()) {
        answers.put(poison, asked.get(poison).get());
      }
      return answers;
    }

    private List<ByteString> keys(Poison poison) {
      var chain =
          new BlockKeyChain(
              model.weights().digest(), model.tokens().digest(), model.kvLayout(), "");
      int[] prompt = prompt(poison);
      chain.extend(i -> prompt[i], PROMPT_TOKENS - 1);
      return chain.keys().stream().map(BlockKey::bytes).map(ByteString::copyFrom).toList();
    }

    /** The blocks of the prompt, which come in the background. */
    List<KvBlock> fetchAll(Poison poison) {
      List<ByteString> keys = keys(poison);
      var request = MatchRequest.newBuilder().addAllKeys(keys).build();
      await()
          .atMost(Flow.PATIENCE)
          .until(
              () -> KvServiceGrpc.newBlockingStub(kv).match(request).getMatched() == keys.size());
      return fetch(poison);
    }

    List<KvBlock> fetch(Poison poison) {
      List<KvBlock> blocks = new ArrayList<>();
      KvServiceGrpc.newBlockingStub(kv)
          .fetch(FetchRequest.newBuilder().addAllKeys(keys(poison)).build())
          .forEachRemaining(blocks::add);
      return blocks;
    }

    void store(List<KvBlock> blocks) throws Exception {
      CompletableFuture<Integer> stored = new CompletableFuture<>();
      StreamObserver<StoreRequest> requests =
          KvServiceGrpc.newStub(kv)
              .store(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(StoreResponse response) {
                      stored.complete(response.getStored());
                    }

                    @Override
                    public void onError(Throwable cause) {
                      stored.completeExceptionally(cause);
                    }

                    @Override
                    public void onCompleted() {}
                  });
      for (KvBlock block : blocks) {
        requests.onNext(StoreRequest.newBuilder().setBlock(block).build());
      }
      requests.onCompleted();
      assertThat(stored.get()).isEqualTo(blocks.size());
    }

    @Override
    public void close() {
      gateway.shutdownNow();
      kv.shutdownNow();
      suite.close();
    }
  }
}
