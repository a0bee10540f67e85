package dev.slipstream.engine.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Writes small GGUF files for tests. */
public final class GgufWriter {

  private record Tensor(String name, int type, long[] shape, byte[] data) {}

  private final ByteArrayOutputStream pairs = new ByteArrayOutputStream();
  private final List<Tensor> tensors = new ArrayList<>();
  private int pairCount;
  private int version = 3;
  private int alignment = 32;

  public GgufWriter version(int version) {
    this.version = version;
    return this;
  }

  public GgufWriter alignment(int alignment) {
    this.alignment = alignment;
    return integer("general.alignment", alignment);
  }

  /** Writes every value by its Java type: String, Integer, Float, Boolean, or an array of them. */
  public GgufWriter all(Map<String, ?> values) {
    values.forEach(this::put);
    return this;
  }

  public GgufWriter put(String key, Object value) {
    return switch (value) {
      case String v -> string(key, v);
      case Integer v -> integer(key, v);
      case Float v -> number(key, v);
      case Boolean v -> bool(key, v);
      case String[] v -> strings(key, v);
      case int[] v -> integers(key, v);
      case float[] v -> floats(key, v);
      default -> throw new IllegalArgumentException(key + ": " + value.getClass());
    };
  }

  public GgufWriter string(String key, String value) {
    return pair(key, GgufValueType.STRING, out -> writeString(out, value));
  }

  public GgufWriter integer(String key, int value) {
    return pair(key, GgufValueType.UINT32, out -> writeInt(out, value));
  }

  public GgufWriter number(String key, float value) {
    return pair(key, GgufValueType.FLOAT32, out -> writeInt(out, Float.floatToIntBits(value)));
  }

  public GgufWriter bool(String key, boolean value) {
    return pair(key, GgufValueType.BOOL, out -> out.write(value ? 1 : 0));
  }

  public GgufWriter strings(String key, String... values) {
    return array(
        key,
        GgufValueType.STRING,
        values.length,
        out -> {
          for (String value : values) {
            writeString(out, value);
          }
        });
  }

  public GgufWriter integers(String key, int... values) {
    return array(
        key,
        GgufValueType.INT32,
        values.length,
        out -> {
          for (int value : values) {
            writeInt(out, value);
          }
        });
  }

  public GgufWriter floats(String key, float... values) {
    return array(
        key,
        GgufValueType.FLOAT32,
        values.length,
        out -> {
          for (float value : values) {
            writeInt(out, Float.floatToIntBits(value));
          }
        });
  }

  public GgufWriter tensor(String name, GgmlType type, byte[] data, long... shape) {
    return tensor(name, type.id(), data, shape);
  }

  public GgufWriter tensor(String name, int type, byte[] data, long... shape) {
    tensors.add(new Tensor(name, type, shape, data));
    return this;
  }

  /** A tensor of 32-bit floats. */
  public GgufWriter tensor(String name, float[] values, long... shape) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    return tensor(name, GgmlType.F32, data.array(), shape);
  }

  /** Any value at all, for files that should be refused. */
  public GgufWriter raw(String key, int type, byte... value) {
    writeString(pairs, key);
    writeInt(pairs, type);
    pairs.writeBytes(value);
    pairCount++;
    return this;
  }

  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writeInt(out, GgufReader.MAGIC);
    writeInt(out, version);
    writeLong(out, tensors.size());
    writeLong(out, pairCount);
    out.writeBytes(pairs.toByteArray());
    long offset = 0;
    for (Tensor tensor : tensors) {
      writeString(out, tensor.name);
      writeInt(out, tensor.shape.length);
      for (long size : tensor.shape) {
        writeLong(out, size);
      }
      writeInt(out, tensor.type);
      writeLong(out, offset);
      offset += tensor.data.length + padding(tensor.data.length);
    }
    for (Tensor tensor : tensors) {
      out.writeBytes(new byte[padding(out.size())]);
      out.writeBytes(tensor.data);
    }
    return out.toByteArray();
  }

  public GgufFile parse() {
    return GgufFile.parse(MemorySegment.ofArray(bytes()), "test.gguf");
  }

  private int padding(int size) {
    return (alignment - size % alignment) % alignment;
  }

  private GgufWriter pair(String key, GgufValueType type, Consumer<ByteArrayOutputStream> value) {
    writeString(pairs, key);
    writeInt(pairs, type.ordinal());
    value.accept(pairs);
    pairCount++;
    return this;
  }

  private GgufWriter array(
      String key, GgufValueType type, int count, Consumer<ByteArrayOutputStream> values) {
    return pair(
        key,
        GgufValueType.ARRAY,
        out -> {
          writeInt(out, type.ordinal());
          writeLong(out, count);
          values.accept(out);
        });
  }

  private static void writeString(ByteArrayOutputStream out, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    writeLong(out, bytes.length);
    out.writeBytes(bytes);
  }

  private static void writeInt(ByteArrayOutputStream out, int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void writeLong(ByteArrayOutputStream out, long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }
}
