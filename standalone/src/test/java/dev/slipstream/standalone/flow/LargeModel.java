package dev.slipstream.standalone.flow;

import dev.slipstream.engine.model.TinyModel;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A Llama model of 380 million weights, all of them zero: it takes seconds to load, but hardly any
 * room on disk, as its file has a hole where the weights are.
 */
final class LargeModel {
  private static final int LAYERS = 24;
  private static final int DIMENSION = 1024;
  private static final int HIDDEN = 4096;
  private static final int HEADS = 16;
  private static final int ALIGNMENT = 32;
  private static final int TENSOR_COUNT_OFFSET = 8;

  private record Tensor(String name, long rows, long columns) {
    long bytes() {
      return columns == 1 ? 4 * rows : 2 * rows * columns;
    }
  }

  private LargeModel() {}

  static Path write(Path path) throws IOException {
    List<Tensor> tensors = tensors();
    ByteBuffer infos = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    long offset = 0;
    for (Tensor tensor : tensors) {
      byte[] name = tensor.name.getBytes(StandardCharsets.UTF_8);
      infos.putLong(name.length).put(name);
      if (tensor.columns == 1) {
        infos.putInt(1).putLong(tensor.rows).putInt(GgmlType.F32.id());
      } else {
        infos.putInt(2).putLong(tensor.columns).putLong(tensor.rows).putInt(GgmlType.F16.id());
      }
      infos.putLong(offset);
      offset += tensor.bytes();
    }
    byte[] header = header();
    ByteBuffer.wrap(header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(TENSOR_COUNT_OFFSET, tensors.size());
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(header);
      file.write(infos.array(), 0, infos.position());
      file.setLength(Math.ceilDiv(file.length(), ALIGNMENT) * ALIGNMENT + offset);
    }
    return path;
  }

  private static byte[] header() {
    GgufWriter writer =
        new GgufWriter()
            .string("general.architecture", "llama")
            .string("general.name", "large")
            .integer("llama.block_count", LAYERS)
            .integer("llama.context_length", 1024)
            .integer("llama.embedding_length", DIMENSION)
            .integer("llama.feed_forward_length", HIDDEN)
            .integer("llama.attention.head_count", HEADS)
            .integer("llama.attention.head_count_kv", HEADS)
            .number("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    TinyModel.vocabulary(writer);
    return writer.bytes();
  }

  private static List<Tensor> tensors() {
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(new Tensor("token_embd.weight", TinyModel.VOCABULARY, DIMENSION));
    tensors.add(new Tensor("output_norm.weight", DIMENSION, 1));
    for (int i = 0; i < LAYERS; i++) {
      String block = "blk." + i + ".";
      tensors.add(new Tensor(block + "attn_norm.weight", DIMENSION, 1));
      tensors.add(new Tensor(block + "ffn_norm.weight", DIMENSION, 1));
      for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
        tensors.add(new Tensor(block + name + ".weight", DIMENSION, DIMENSION));
      }
      tensors.add(new Tensor(block + "ffn_gate.weight", HIDDEN, DIMENSION));
      tensors.add(new Tensor(block + "ffn_up.weight", HIDDEN, DIMENSION));
      tensors.add(new Tensor(block + "ffn_down.weight", DIMENSION, HIDDEN));
    }
    return tensors;
  }

  /** Writes it at the path given, to try something by hand. */
  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]));
  }
}
