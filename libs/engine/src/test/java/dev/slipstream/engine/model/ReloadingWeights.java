package dev.slipstream.engine.model;

import dev.slipstream.engine.weights.Residency;
import dev.slipstream.engine.weights.WeightUnit;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The least memory and the most work: a unit is read from a file when the first worker acquires it,
 * and overwritten with bytes that make floats NaN when the last one releases it.
 */
final class ReloadingWeights implements Residency {
  private static final byte POISON = (byte) 0xff;

  private final FileChannel file;
  private final Map<WeightUnit, Place> places = new HashMap<>();
  private String failing = "";
  private int held;
  private int mostHeld;
  private int loads;

  /** Where a unit lies in the file, and how many workers hold it. */
  private static final class Place {
    final long start;
    int holders;

    Place(long start) {
      this.start = start;
    }
  }

  ReloadingWeights(List<WeightUnit> units, Path path) {
    try {
      file =
          FileChannel.open(
              path,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      for (WeightUnit unit : units) {
        if (!places.containsKey(unit)) {
          places.put(unit, new Place(file.position()));
          for (MemorySegment memory : unit.memory()) {
            for (ByteBuffer bytes = memory.asByteBuffer(); bytes.hasRemaining(); ) {
              file.write(bytes);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    places.keySet().forEach(ReloadingWeights::poison);
  }

  private static void poison(WeightUnit unit) {
    unit.memory().forEach(memory -> memory.fill(POISON));
  }

  @Override
  public synchronized void acquire(WeightUnit unit) {
    Place place = places.get(unit);
    if (place.holders == 0) {
      load(unit, place.start);
      loads++;
      held++;
      mostHeld = Math.max(mostHeld, held);
    }
    place.holders++;
  }

  private void load(WeightUnit unit, long start) {
    try {
      if (unit.name().equals(failing)) {
        failing = "";
        throw new IOException("cannot read " + unit);
      }
      long at = start;
      for (MemorySegment memory : unit.memory()) {
        ByteBuffer bytes = memory.asByteBuffer();
        while (bytes.hasRemaining()) {
          int read = file.read(bytes, at);
          if (read < 0) {
            throw new EOFException();
          }
          at += read;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void release(WeightUnit unit) {
    Place place = places.get(unit);
    place.holders--;
    if (place.holders == 0) {
      poison(unit);
      held--;
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets the next loading of a unit fail. */
  synchronized void failOnce(String unit) {
    failing = unit;
  }

  List<String> names() {
    return places.keySet().stream().map(WeightUnit::name).toList();
  }

  /** Units in memory. */
  synchronized int held() {
    return held;
  }

  /** Most units that were in memory at a time. */
  synchronized int mostHeld() {
    return mostHeld;
  }

  synchronized int loads() {
    return loads;
  }

  boolean isClosed() {
    return !file.isOpen();
  }
}
