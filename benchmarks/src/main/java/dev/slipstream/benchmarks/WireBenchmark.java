package dev.slipstream.benchmarks;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.wire.ProposalCodec;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a draft of 32 nodes costs to be sent and read, gRPC left out: one thread. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@State(Scope.Benchmark)
public class WireBenchmark {
  private static final int VOCABULARY = 49_152;
  private static final int NODES = 32;

  /** Tokens of the distribution that each node was drawn from; 0 if it was not drawn. */
  @Param({"0", "32"})
  private int support;

  private Proposed draft;
  private byte[] sent;

  @Setup
  public void make() {
    DraftTreeBuilder tree = DraftTree.builder(VOCABULARY, NODES);
    for (int node = 0; node < NODES; node++) {
      NodeOrigin origin = NodeOrigin.of("benchmark", 0.5);
      tree.add(100 * node, node - 1, support == 0 ? origin : origin.drawnFrom(around(100 * node)));
    }
    draft = new Proposed(1, 1000, tree.build(), "benchmark", 0.001, 0);
    sent = ProposalCodec.encode(draft).toByteArray();
  }

  private DraftDistribution around(int token) {
    int[] tokens = new int[support];
    float[] q = new float[support];
    Arrays.setAll(tokens, i -> token + i);
    Arrays.fill(q, 1f / support);
    return DraftDistribution.of(tokens, q);
  }

  @Benchmark
  public byte[] send() {
    return ProposalCodec.encode(draft).toByteArray();
  }

  /** With all checks of what comes from outside. */
  @Benchmark
  public Proposed receive() throws InvalidProtocolBufferException {
    return ProposalCodec.decode(Proposal.parseFrom(sent), VOCABULARY);
  }
}
