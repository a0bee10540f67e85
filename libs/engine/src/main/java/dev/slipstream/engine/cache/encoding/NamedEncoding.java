package dev.slipstream.engine.cache.encoding;

import dev.slipstream.engine.cache.KvEncoding;
import dev.slipstream.engine.cache.KvFormat;

/** The encodings by the names that settings use. A new one becomes a choice here, nowhere else. */
public enum NamedEncoding {
  I16(new ScaledIntegers()),
  F32(new Floats());

  /** What is used where nobody chose. */
  public static final KvFormat DEFAULT = format(I16, I16);

  private final KvEncoding encoding;

  NamedEncoding(KvEncoding encoding) {
    this.encoding = encoding;
  }

  public KvEncoding encoding() {
    return encoding;
  }

  public static KvFormat format(NamedEncoding keys, NamedEncoding values) {
    return new KvFormat(keys.encoding, values.encoding);
  }
}
