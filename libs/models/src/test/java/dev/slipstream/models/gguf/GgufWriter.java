package dev.slipstream.models.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Builds small GGUF files for tests in memory, damaged ones too. */
public final class GgufWriter {

  private record Tensor(String name, int type, long[] shape, byte[] data) {}

  private final GgufSink pairs = new GgufSink();
  private final List<Tensor> tensors = new ArrayList<>();
  private final Map<String, Long> statedOffsets = new HashMap<>();
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
    return pair(key, GgufValueType.STRING, out -> out.putString(value));
  }

  public GgufWriter integer(String key, int value) {
    return pair(key, GgufValueType.UINT32, out -> out.putInt(value));
  }

  public GgufWriter number(String key, float value) {
    return pair(key, GgufValueType.FLOAT32, out -> out.putInt(Float.floatToIntBits(value)));
  }

  public GgufWriter bool(String key, boolean value) {
    return pair(key, GgufValueType.BOOL, out -> out.putByte(value ? 1 : 0));
  }

  public GgufWriter strings(String key, String... values) {
    return array(
        key,
        GgufValueType.STRING,
        values.length,
        out -> {
          for (String value : values) {
            out.putString(value);
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
            out.putInt(value);
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
            out.putInt(Float.floatToIntBits(value));
          }
        });
  }

  /** The directory will say that the tensor has this shape, whatever its data are. */
  public GgufWriter stateShape(String name, long... shape) {
    tensors.replaceAll(t -> t.name.equals(name) ? new Tensor(name, t.type, shape, t.data) : t);
    return this;
  }

  public GgufWriter remove(String tensor) {
    tensors.removeIf(t -> t.name.equals(tensor));
    return this;
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

  /** The directory will say that the tensor's data start here, wherever they are. */
  public GgufWriter stateOffset(String tensor, long offset) {
    statedOffsets.put(tensor, offset);
    return this;
  }

  /** Any value at all, for files that should be refused. */
  public GgufWriter raw(String key, int type, byte... value) {
    pairs.putString(key);
    pairs.putInt(type);
    pairs.putBytes(value);
    pairCount++;
    return this;
  }

  public byte[] bytes() {
    GgufSink out = new GgufSink();
    out.putInt(GgufReader.MAGIC);
    out.putInt(version);
    out.putLong(tensors.size());
    out.putLong(pairCount);
    out.putBytes(pairs.bytes());
    long offset = 0;
    for (Tensor tensor : tensors) {
      out.putString(tensor.name);
      out.putInt(tensor.shape.length);
      for (long size : tensor.shape) {
        out.putLong(size);
      }
      out.putInt(tensor.type);
      out.putLong(statedOffsets.getOrDefault(tensor.name, offset));
      offset += tensor.data.length + padding(tensor.data.length);
    }
    for (Tensor tensor : tensors) {
      out.putBytes(new byte[padding(out.size())]);
      out.putBytes(tensor.data);
    }
    return out.bytes();
  }

  public GgufFile parse() {
    return GgufFile.parse(MemorySegment.ofArray(bytes()), "test.gguf");
  }

  private int padding(int size) {
    return (alignment - size % alignment) % alignment;
  }

  private GgufWriter pair(String key, GgufValueType type, Consumer<GgufSink> value) {
    pairs.putString(key);
    pairs.putInt(type.ordinal());
    value.accept(pairs);
    pairCount++;
    return this;
  }

  private GgufWriter array(String key, GgufValueType type, int count, Consumer<GgufSink> values) {
    return pair(
        key,
        GgufValueType.ARRAY,
        out -> {
          out.putInt(type.ordinal());
          out.putLong(count);
          values.accept(out);
        });
  }
}
