package dev.slipstream.engine.cache;

import dev.slipstream.engine.cache.encoding.Floats;
import dev.slipstream.engine.cache.encoding.ScaledIntegers;
import dev.slipstream.engine.cache.toy.ByteEncoding;
import java.util.List;

/** What tests of everything that must not depend on an encoding are run with. */
public final class KvFormats {
  public static final KvFormat INTEGERS = of(new ScaledIntegers(), new ScaledIntegers());
  public static final KvFormat FLOATS = of(new Floats(), new Floats());
  public static final KvFormat TOY = of(new ByteEncoding(), new ByteEncoding());
  public static final List<KvFormat> ALL =
      List.of(
          INTEGERS,
          FLOATS,
          TOY,
          of(new ScaledIntegers(), new Floats()),
          of(new Floats(), new ByteEncoding()),
          of(new ByteEncoding(), new ScaledIntegers()));

  private KvFormats() {}

  private static KvFormat of(KvEncoding keys, KvEncoding values) {
    return new KvFormat(keys, values);
  }
}
