package dev.slipstream.engine.architecture;

/**
 * Gated feed-forward layer of one block: {@code down(activation(gate(x)) * up(x))}.
 *
 * @param hidden width between up and down
 */
public record FeedForwardConfig(int hidden, Activation activation) {

  /** Non-linearity of the gate. */
  public enum Activation {
    /** {@code x / (1 + e^-x)}. */
    SILU,
    /** GELU in its tanh approximation (arXiv 1606.08415). */
    GELU
  }
}
