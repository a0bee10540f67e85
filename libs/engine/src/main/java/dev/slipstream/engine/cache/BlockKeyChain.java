package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * The keys of the full blocks of one growing text. The key of block i is SHA-256 over the key of
 * block i-1 and the 16 token ids of block i, as little-endian 32-bit integers; the first block's
 * parent is SHA-256 over model digest, tokenizer digest, KV layout with its encoding version, and
 * tenant, each preceded by its length. So equal keys mean equal bytes, on any machine, and a key
 * can be made only by somebody who knows the whole text before it.
 */
public final class BlockKeyChain {
  private final MessageDigest sha = sha256();
  private final ByteBuffer tokens =
      ByteBuffer.allocate(BLOCK_TOKENS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final List<BlockKey> keys = new ArrayList<>();
  private final byte[] root;

  /**
   * @param modelDigest of the weights
   * @param tokenizerDigest of everything that gives token ids their meaning
   * @param tenant blocks are shared inside one tenant only
   */
  public BlockKeyChain(String modelDigest, String tokenizerDigest, KvLayout layout, String tenant) {
    for (String part : List.of(modelDigest, tokenizerDigest, layout.fingerprint(), tenant)) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      sha.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      sha.update(bytes);
    }
    this.root = sha.digest();
  }

  /**
   * Appends the keys of the blocks that the text has filled since the last call.
   *
   * @param token the token at a position; those of blocks with a key must not have changed
   * @param length tokens of the text
   */
  public void extend(IntUnaryOperator token, int length) {
    while ((keys.size() + 1) * BLOCK_TOKENS <= length) {
      int start = keys.size() * BLOCK_TOKENS;
      tokens.clear();
      for (int i = 0; i < BLOCK_TOKENS; i++) {
        tokens.putInt(token.applyAsInt(start + i));
      }
      sha.update(keys.isEmpty() ? ByteBuffer.wrap(root) : keys.getLast().bytes());
      sha.update(tokens.flip());
      keys.add(BlockKey.of(sha.digest()));
    }
  }

  /** Keys of the full blocks so far, in the order of the text; a read-only view. */
  public List<BlockKey> keys() {
    return Collections.unmodifiableList(keys);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
