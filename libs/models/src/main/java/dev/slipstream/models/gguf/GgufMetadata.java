package dev.slipstream.models.gguf;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The key-value pairs of a model file. Values are decoded when they are asked for, from a copy on
 * the heap, so they outlive the file.
 *
 * <p>Every getter throws {@link ModelFormatException}, naming file and key, if the value is there
 * but has another type or does not fit; the {@code require} variants also if it is missing.
 */
public final class GgufMetadata {

  /**
   * Where a value lies; for arrays, offset and type are those of the elements. The pair of key and
   * value ends at {@code end}, where the next one starts.
   */
  record Entry(GgufValueType type, boolean array, int count, long offset, long end) {
    Entry movedBy(long distance) {
      return new Entry(type, array, count, offset + distance, end + distance);
    }
  }

  private final String file;
  private final MemorySegment bytes;
  private final Map<String, Entry> entries;

  GgufMetadata(String file, byte[] bytes, Map<String, Entry> entries) {
    this.file = file;
    this.bytes = MemorySegment.ofArray(bytes);
    this.entries = entries;
  }

  /** The keys in the order of the file. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  public boolean contains(String key) {
    return entries.containsKey(key);
  }

  public Optional<String> string(String key) {
    return scalar(key, "a string", GgufValueType.STRING)
        .map(e -> cursor(e).readString(key, Integer.MAX_VALUE));
  }

  public OptionalInt integer(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return OptionalInt.empty();
    }
    require(entry, !entry.array && entry.type.isInteger(), key, "an integer");
    return OptionalInt.of(readInteger(cursor(entry), entry.type, key));
  }

  /** A float or an integer. */
  public OptionalDouble number(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return OptionalDouble.empty();
    }
    require(entry, !entry.array, key, "a number");
    if (entry.type.isInteger()) {
      return OptionalDouble.of(readInteger(cursor(entry), entry.type, key));
    }
    require(entry, entry.type.isFloat(), key, "a number");
    return OptionalDouble.of(readFloat(cursor(entry), entry.type));
  }

  public Optional<Boolean> bool(String key) {
    return scalar(key, "a boolean", GgufValueType.BOOL).map(e -> cursor(e).readByte(key) != 0);
  }

  public Optional<String[]> strings(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    require(entry, entry.array && entry.type == GgufValueType.STRING, key, "an array of strings");
    String[] values = new String[entry.count];
    GgufCursor cursor = cursor(entry);
    for (int i = 0; i < values.length; i++) {
      values[i] = cursor.readString(key, Integer.MAX_VALUE);
    }
    return Optional.of(values);
  }

  /** An array of integers or booleans (0 and 1). */
  public Optional<int[]> integers(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    boolean integers = entry.type.isInteger() || entry.type == GgufValueType.BOOL;
    require(entry, entry.array && integers, key, "an array of integers");
    int[] values = new int[entry.count];
    GgufCursor cursor = cursor(entry);
    for (int i = 0; i < values.length; i++) {
      values[i] = readInteger(cursor, entry.type, key);
    }
    return Optional.of(values);
  }

  /** An array of numbers; integers are converted. */
  public Optional<float[]> floats(String key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return Optional.empty();
    }
    boolean numbers = entry.type.isFloat() || entry.type.isInteger();
    require(entry, entry.array && numbers, key, "an array of numbers");
    float[] values = new float[entry.count];
    GgufCursor cursor = cursor(entry);
    for (int i = 0; i < values.length; i++) {
      values[i] =
          entry.type.isFloat()
              ? (float) readFloat(cursor, entry.type)
              : readInteger(cursor, entry.type, key);
    }
    return Optional.of(values);
  }

  public String requireString(String key) {
    return string(key).orElseThrow(() -> missing(key));
  }

  public int requireInteger(String key) {
    return integer(key).orElseThrow(() -> missing(key));
  }

  public double requireNumber(String key) {
    return number(key).orElseThrow(() -> missing(key));
  }

  public String[] requireStrings(String key) {
    return strings(key).orElseThrow(() -> missing(key));
  }

  /** An exception about the value of a key that makes no sense to the caller. */
  public ModelFormatException invalid(String key, String why) {
    return new ModelFormatException(file + ": metadata key '" + key + "' " + why);
  }

  /** The same pairs, but with this value (an unsigned 32-bit one) for this key. */
  public GgufMetadata with(String key, int value) {
    GgufSink sink = new GgufSink();
    Map<String, Entry> changed = new LinkedHashMap<>();
    long start = 0;
    for (Map.Entry<String, Entry> pair : entries.entrySet()) {
      Entry entry = pair.getValue();
      if (pair.getKey().equals(key)) {
        changed.put(key, appendInteger(sink, key, value));
      } else {
        changed.put(pair.getKey(), entry.movedBy(sink.size() - start));
        sink.putBytes(bytes(), (int) start, (int) (entry.end - start));
      }
      start = entry.end;
    }
    if (!changed.containsKey(key)) {
      changed.put(key, appendInteger(sink, key, value));
    }
    return new GgufMetadata(file, sink.bytes(), changed);
  }

  private static Entry appendInteger(GgufSink sink, String key, int value) {
    sink.putString(key);
    sink.putInt(GgufValueType.UINT32.ordinal());
    long offset = sink.size();
    sink.putInt(value);
    return new Entry(GgufValueType.UINT32, false, 1, offset, sink.size());
  }

  byte[] bytes() {
    return (byte[]) bytes.heapBase().orElseThrow();
  }

  private ModelFormatException missing(String key) {
    return invalid(key, "is missing");
  }

  private Optional<Entry> scalar(String key, String expected, GgufValueType type) {
    Entry entry = entries.get(key);
    if (entry != null) {
      require(entry, !entry.array && entry.type == type, key, expected);
    }
    return Optional.ofNullable(entry);
  }

  private void require(Entry entry, boolean condition, String key, String expected) {
    if (!condition) {
      String found = (entry.array ? "array of " : "") + entry.type;
      throw invalid(key, "should be " + expected + ", but is " + found);
    }
  }

  private GgufCursor cursor(Entry entry) {
    return new GgufCursor(bytes, file, entry.offset);
  }

  private int readInteger(GgufCursor cursor, GgufValueType type, String key) {
    long value =
        switch (type) {
          case UINT8, BOOL -> Byte.toUnsignedLong(cursor.readByte(key));
          case INT8 -> cursor.readByte(key);
          case UINT16 -> Short.toUnsignedLong(cursor.readShort(key));
          case INT16 -> cursor.readShort(key);
          case UINT32 -> Integer.toUnsignedLong(cursor.readInt(key));
          case INT32 -> cursor.readInt(key);
          case UINT64, INT64 -> cursor.readLong(key);
          case FLOAT32, FLOAT64, STRING, ARRAY -> throw new IllegalStateException("not an integer");
        };
    if (value != (int) value) {
      throw invalid(key, "holds " + value + ", which is out of range");
    }
    return (int) value;
  }

  private static double readFloat(GgufCursor cursor, GgufValueType type) {
    return type == GgufValueType.FLOAT32
        ? Float.intBitsToFloat(cursor.readInt("a float"))
        : Double.longBitsToDouble(cursor.readLong("a float"));
  }
}
