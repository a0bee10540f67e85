package dev.slipstream.models.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses a GGUF file. Every count, length and offset is checked against the bytes that are there
 * before anything is allocated or looped over, and against what real models have: a sparse file has
 * bytes without end, and the metadata are copied to the heap.
 */
final class GgufReader {

  static final int MAGIC = 0x46554747;

  private static final int MAX_NAME_BYTES = 65_535;

  /** Vocabularies have up to 300 thousand tokens, and half a million merges. */
  private static final int MAX_ARRAY = 1 << 21;

  private static final int MAX_METADATA_BYTES = 128 << 20;
  private static final int MAX_PAIRS = 1 << 16;
  private static final int MAX_TENSORS = 1 << 16;
  private static final int MAX_DIMENSIONS = 4;
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final int MAX_ALIGNMENT = 1 << 16;
  private static final int MIN_PAIR_BYTES = 8 + 4 + 1;
  private static final int MIN_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

  private final MemorySegment bytes;
  private final String file;
  private final GgufCursor cursor;

  GgufReader(MemorySegment bytes, String file) {
    this.bytes = bytes.asReadOnly();
    this.file = file;
    this.cursor = new GgufCursor(bytes, file, 0);
  }

  /** What a file holds. */
  record Content(int version, GgufMetadata metadata, Map<String, GgufTensor> tensors) {}

  private record TensorInfo(
      String name, GgmlType type, List<Long> shape, long size, long offset, long at) {}

  Content read() {
    int version = readVersion();
    long tensorCount = cursor.readCount("tensors", MIN_TENSOR_BYTES, MAX_TENSORS);
    GgufMetadata metadata = readMetadata();
    requireWhole(metadata);
    List<TensorInfo> infos = new ArrayList<>();
    for (long i = 0; i < tensorCount; i++) {
      infos.add(readTensorInfo());
    }
    return new Content(version, metadata, locate(infos, alignment(metadata)));
  }

  private int readVersion() {
    int magic = cursor.readInt("the magic number");
    if (magic != MAGIC) {
      throw cursor.error(
          "not a GGUF file: it starts with 0x%08x instead of 'GGUF'"
              .formatted(Integer.reverseBytes(magic)),
          0);
    }
    int version = cursor.readInt("the version");
    if ((version & 0xffff) == 0 && version != 0) {
      throw cursor.error("big-endian GGUF files are not supported", 4);
    }
    if (version != 2 && version != 3) {
      String which = "GGUF version " + Integer.toUnsignedString(version);
      throw cursor.error(which + " is not supported, only 2 and 3", 4);
    }
    return version;
  }

  private GgufMetadata readMetadata() {
    long count = cursor.readCount("metadata keys", MIN_PAIR_BYTES, MAX_PAIRS);
    long start = cursor.position();
    Map<String, GgufMetadata.Entry> entries = new LinkedHashMap<>();
    for (long i = 0; i < count; i++) {
      long at = cursor.position();
      String key = cursor.readString("a metadata key", MAX_NAME_BYTES);
      if (entries.put(key, readValue(key, start)) != null) {
        throw cursor.error("metadata key '" + key + "' occurs twice", at);
      }
      long length = cursor.position() - start;
      if (length > MAX_METADATA_BYTES) {
        throw cursor.error(
            "the metadata has %d bytes up to the end of key '%s', more than %d"
                .formatted(length, key, MAX_METADATA_BYTES));
      }
    }
    long length = cursor.position() - start;
    byte[] copy = bytes.asSlice(start, length).toArray(ValueLayout.JAVA_BYTE);
    return new GgufMetadata(file, copy, entries);
  }

  private GgufMetadata.Entry readValue(String key, long start) {
    GgufValueType type = readType(key);
    if (type != GgufValueType.ARRAY) {
      long offset = cursor.position() - start;
      skipValues(type, 1, key);
      return new GgufMetadata.Entry(type, false, 1, offset, cursor.position() - start);
    }
    GgufValueType element = readType(key);
    if (element == GgufValueType.ARRAY) {
      throw cursor.error("metadata key '" + key + "' is an array of arrays: not supported");
    }
    long count = cursor.readCount("elements of '" + key + "'", element.minimumBytes(), MAX_ARRAY);
    long offset = cursor.position() - start;
    skipValues(element, count, key);
    long end = cursor.position() - start;
    return new GgufMetadata.Entry(element, true, (int) count, offset, end);
  }

  private GgufValueType readType(String key) {
    long at = cursor.position();
    int id = cursor.readInt("the type of '" + key + "'");
    GgufValueType[] types = GgufValueType.values();
    if (id < 0 || id >= types.length) {
      String number = Integer.toUnsignedString(id);
      throw cursor.error("metadata key '" + key + "' has the unknown value type " + number, at);
    }
    return types[id];
  }

  private void skipValues(GgufValueType type, long count, String key) {
    if (type == GgufValueType.STRING) {
      for (long i = 0; i < count; i++) {
        cursor.skipString(key);
      }
    } else {
      cursor.skip(count * type.minimumBytes(), key);
    }
  }

  private TensorInfo readTensorInfo() {
    long at = cursor.position();
    String name = cursor.readString("a tensor name", MAX_NAME_BYTES);
    String what = "tensor '" + name + "'";
    int dimensions = cursor.readInt(what);
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw cursor.error(what + " has " + Integer.toUnsignedString(dimensions) + " dimensions", at);
    }
    List<Long> shape = new ArrayList<>(dimensions);
    for (int i = 0; i < dimensions; i++) {
      shape.add(cursor.readLong(what));
    }
    int id = cursor.readInt(what);
    GgmlType type =
        GgmlType.of(id)
            .orElseThrow(
                () ->
                    cursor.error(
                        "%s has weight format %s, which is not supported; supported are %s"
                            .formatted(what, GgmlType.nameOf(id), GgmlType.supported()),
                        at));
    long offset = cursor.readLong(what);
    return new TensorInfo(name, type, shape, byteSize(what, type, shape, at), offset, at);
  }

  private long byteSize(String what, GgmlType type, List<Long> shape, long at) {
    if (shape.stream().anyMatch(size -> size < 1)) {
      throw cursor.error(what + " has the impossible shape " + shape, at);
    }
    if (shape.getFirst() % type.blockElements() != 0) {
      throw cursor.error(
          "%s: its row length %d is not a multiple of %d, the block size of %s"
              .formatted(what, shape.getFirst(), type.blockElements(), type),
          at);
    }
    try {
      long elements = shape.stream().reduce(1L, Math::multiplyExact);
      return Math.multiplyExact(elements / type.blockElements(), (long) type.blockBytes());
    } catch (ArithmeticException e) {
      throw cursor.error(what + " is too large: shape " + shape, at);
    }
  }

  static int alignment(GgufMetadata metadata) {
    int alignment = metadata.integer("general.alignment").orElse(DEFAULT_ALIGNMENT);
    if (Integer.bitCount(alignment) != 1 || alignment < 1 || alignment > MAX_ALIGNMENT) {
      throw metadata.invalid(
          "general.alignment",
          "is %d, not a power of two from 1 to %d".formatted(alignment, MAX_ALIGNMENT));
    }
    return alignment;
  }

  private static void requireWhole(GgufMetadata metadata) {
    int count = metadata.integer("split.count").orElse(1);
    int part = metadata.integer("split.no").orElse(0);
    if (count <= 1) {
      return;
    }
    if (part < 0 || part >= count) {
      throw metadata.invalid("split.no", "is %d, outside of 0 to %d".formatted(part, count - 1));
    }
    throw metadata.invalid(
        "split.count",
        ("says that this is part %d of %d of a split model; split files are not read yet: join the"
                + " parts with llama-gguf-split --merge")
            .formatted(part + 1, count));
  }

  private Map<String, GgufTensor> locate(List<TensorInfo> infos, int alignment) {
    long start = (cursor.position() + alignment - 1) & -alignment;
    long available = bytes.byteSize() - start;
    Map<String, GgufTensor> tensors = new LinkedHashMap<>();
    for (TensorInfo info : infos) {
      String what = "tensor '" + info.name + "'";
      if ((info.offset & (alignment - 1)) != 0) {
        throw cursor.error(what + ": its data is not aligned to " + alignment + " bytes", info.at);
      }
      if (info.offset < 0 || info.offset > available || info.size > available - info.offset) {
        throw cursor.error(
            "%s: its %d bytes at offset %s lie outside the %d bytes of tensor data; is the file cut?"
                .formatted(
                    what, info.size, Long.toUnsignedString(info.offset), Math.max(0, available)),
            info.at);
      }
      MemorySegment data = bytes.asSlice(start + info.offset, info.size);
      GgufTensor tensor = new GgufTensor(info.name, info.type, info.shape, data);
      if (tensors.put(info.name, tensor) != null) {
        throw cursor.error(what + " occurs twice", info.at);
      }
    }
    requireDisjoint(infos);
    return tensors;
  }

  private void requireDisjoint(List<TensorInfo> infos) {
    List<TensorInfo> inPlace =
        infos.stream().sorted(Comparator.comparingLong(TensorInfo::offset)).toList();
    for (int i = 1; i < inPlace.size(); i++) {
      TensorInfo before = inPlace.get(i - 1);
      TensorInfo info = inPlace.get(i);
      if (info.offset - before.offset < before.size) {
        throw cursor.error(
            "the data of tensors '%s' (%d bytes at offset %d) and '%s' (at offset %d) overlap"
                .formatted(before.name, before.size, before.offset, info.name, info.offset),
            info.at);
      }
    }
  }
}
