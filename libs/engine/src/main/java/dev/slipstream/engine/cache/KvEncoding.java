package dev.slipstream.engine.cache;

/**
 * A way to keep keys and values. It alone knows the bytes: how many there are, how a vector gets
 * into them and moves among them, what bytes from elsewhere must look like, and how attention
 * computes with them.
 *
 * <p>Encodings are stateless, and bytes are the same on every machine.
 */
public interface KvEncoding {
  /** Queries that the kernels of a plane take at a time. */
  int QUERIES = 4;

  /**
   * Name and version, such as {@code i16s/2}; made of letters, digits and {@code /}. It is a part
   * of every block key, so it changes whenever bytes change their meaning.
   */
  String id();

  /**
   * The keys of one head in one block.
   *
   * @param dimension elements of a key, at least 1
   */
  KeyPlane keys(int dimension);

  /**
   * The values of one head in one block.
   *
   * @param dimension elements of a value, at least 1
   */
  ValuePlane values(int dimension);
}
