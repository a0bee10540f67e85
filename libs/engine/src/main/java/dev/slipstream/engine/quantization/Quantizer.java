package dev.slipstream.engine.quantization;

import dev.slipstream.engine.quantization.QuantizationPlan.PlannedTensor;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.RowDecoder;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufFileWriter;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.GgufTensor;
import dev.slipstream.models.gguf.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * Rewrites a model file in other weight formats. Metadata stay as they are, but for the two keys
 * that say how the file was quantised; rows are shared out among the workers of a pool.
 */
public final class Quantizer {
  private static final int QUANTIZATION_VERSION = 2;
  private static final int SLICE_BYTES = 16 << 20;

  /** Elements; each worker holds a row as floats. */
  private static final int MAX_ROW = 1 << 24;

  private final ComputePool pool;
  private final LongConsumer progress;

  /**
   * @param progress is told how many bytes of tensor data have been written
   */
  public Quantizer(ComputePool pool, LongConsumer progress) {
    this.pool = pool;
    this.progress = progress;
  }

  /**
   * Writes the planned file; it appears under its name only when it is complete.
   *
   * @param in the file that the plan was made for
   * @return size of the written file in bytes
   * @throws ModelFormatException if a weight cannot be stored in its new format
   * @throws IOException if the file cannot be written
   */
  public long write(GgufFile in, QuantizationPlan plan, Path out) throws IOException {
    GgufMetadata metadata =
        in.metadata()
            .with("general.file_type", plan.target().fileType())
            .with("general.quantization_version", QUANTIZATION_VERSION);
    var tensors = plan.tensors().stream().map(PlannedTensor::written).toList();
    try (GgufFileWriter writer = new GgufFileWriter(out, metadata, tensors)) {
      Output output = new Output(writer);
      for (PlannedTensor tensor : plan.tensors()) {
        if (tensor.isCopied()) {
          copy(tensor.source().data(), output);
        } else {
          convert(in.name(), tensor, output);
        }
      }
      writer.commit();
      return writer.byteSize();
    }
  }

  private final class Output {
    private final GgufFileWriter writer;
    private long written;

    Output(GgufFileWriter writer) {
      this.writer = writer;
    }

    void write(ByteBuffer data) throws IOException {
      written += data.remaining();
      writer.write(data);
      progress.accept(written);
    }
  }

  private static void copy(MemorySegment data, Output output) throws IOException {
    for (long from = 0; from < data.byteSize(); from += SLICE_BYTES) {
      long length = Math.min(SLICE_BYTES, data.byteSize() - from);
      output.write(data.asSlice(from, length).asByteBuffer());
    }
  }

  private void convert(String file, PlannedTensor tensor, Output output) throws IOException {
    GgufTensor source = tensor.source();
    if (source.columns() > MAX_ROW) {
      throw new ModelFormatException(
          "%s: a row of tensor '%s' has %d elements, more than %d"
              .formatted(file, source.name(), source.columns(), MAX_ROW));
    }
    long rowBytes = tensor.format().rowBytes(source.columns());
    int slice = Math.clamp(SLICE_BYTES / rowBytes, 1, source.rows());
    byte[] encoded = new byte[(int) (slice * rowBytes)];
    for (int first = 0; first < source.rows(); first += slice) {
      int from = first;
      int rows = Math.min(slice, source.rows() - first);
      pool.run(
          worker -> {
            var rewriter = new RowRewriter(file, tensor, worker.scratch(0, source.columns()));
            for (int row = worker.first(rows); row < worker.end(rows); row++) {
              rewriter.rewrite(from + row, encoded, (int) (row * rowBytes));
            }
          });
      output.write(ByteBuffer.wrap(encoded, 0, (int) (rows * rowBytes)));
    }
  }

  /** One worker's means to convert rows of a tensor. */
  private static final class RowRewriter {
    private final String file;
    private final GgufTensor source;
    private final GgmlType format;
    private final RowDecoder decoder;
    private final BlockEncoder encoder;
    private final float[] row;

    RowRewriter(String file, PlannedTensor tensor, float[] row) {
      this.file = file;
      this.source = tensor.source();
      this.format = tensor.format();
      this.decoder = new RowDecoder(source);
      this.encoder = BlockEncoder.of(format);
      this.row = row;
    }

    void rewrite(int number, byte[] out, int offset) {
      decoder.decode(number, row);
      int o = offset;
      for (int at = 0; at < source.columns(); at += format.blockElements()) {
        try {
          encoder.encode(row, at, out, o);
        } catch (ArithmeticException e) {
          throw new ModelFormatException(
              "%s: tensor '%s', row %d, column %d: %s, so that the row cannot be stored as %s"
                  .formatted(file, source.name(), number, at, e.getMessage(), format),
              e);
        }
        o += format.blockBytes();
      }
    }
  }
}
