package dev.slipstream.engine.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory in huge pages, where Linux gives them to those who ask (transparent_hugepage: madvise).
 * With small ones, a pass over all weights or all KV misses the translation buffers at every page.
 */
public final class HugePages {
  private static final long SIZE = 2L << 20;
  private static final int READ_AND_WRITE = 3;
  private static final int MADV_HUGEPAGE = 14;
  private static final String SYSTEM = System.getProperty("os.name");
  private static final boolean LINUX = SYSTEM.equals("Linux");
  private static final boolean UNIX = LINUX || SYSTEM.startsWith("Mac");
  private static final int PRIVATE_AND_ANONYMOUS = LINUX ? 0x22 : 0x1002;

  private HugePages() {}

  /**
   * So many zeroed bytes, in huge pages if there are any. The system may take them from its memory
   * only when they are written to.
   */
  public static MemorySegment allocate(long bytes, Arena arena) {
    return UNIX ? map(bytes, arena) : arena.allocate(bytes, 64);
  }

  private static MemorySegment map(long bytes, Arena arena) {
    long length = Math.addExact(bytes, 2 * SIZE - 1) / SIZE * SIZE;
    MemorySegment mapped;
    try {
      mapped =
          (MemorySegment)
              Calls.MMAP.invokeExact(
                  MemorySegment.NULL, length, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0L);
      if (mapped.address() == -1) {
        throw new OutOfMemoryError("the system has no %d bytes of memory left".formatted(length));
      }
      long start = Math.ceilDiv(mapped.address(), SIZE) * SIZE;
      MemorySegment aligned = MemorySegment.ofAddress(start);
      if (LINUX) {
        // Advice: that it is not followed is no error.
        int ignored = (int) Calls.MADVISE.invokeExact(aligned, length - SIZE, MADV_HUGEPAGE);
      }
      return mapped
          .reinterpret(length, arena, all -> unmap(all, length))
          .asSlice(start - mapped.address(), bytes);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void unmap(MemorySegment mapped, long length) {
    try {
      int ignored = (int) Calls.MUNMAP.invokeExact(mapped, length);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The C library's. */
  private static final class Calls {
    static final MethodHandle MMAP =
        find(
            "mmap",
            FunctionDescriptor.of(
                ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    static final MethodHandle MADVISE =
        find("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    static final MethodHandle MUNMAP =
        find("munmap", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));

    private static MethodHandle find(String name, FunctionDescriptor type) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }
  }
}
