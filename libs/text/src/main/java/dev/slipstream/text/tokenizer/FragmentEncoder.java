package dev.slipstream.text.tokenizer;

/** Encodes text that contains no special tokens. */
interface FragmentEncoder {

  /** State for encoding one text; not thread-safe. */
  interface Session {
    /**
     * Appends the token ids of a part of a text.
     *
     * @param afterSpecial whether the part starts the text or follows a special token
     */
    void encode(byte[] text, int from, int to, boolean afterSpecial, IntList out);
  }

  Session session();

  /** Whether text may lose this byte, as no token stands for it. */
  boolean mayDrop(byte b);
}
