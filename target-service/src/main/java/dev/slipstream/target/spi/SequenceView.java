package dev.slipstream.target.spi;

/** One sequence, to look at while the call lasts that shows it. */
public interface SequenceView {
  /** For logs; as the client wrote it. */
  String requestId();

  /** Tokens of the prompt, of the part of it that a lost target had generated not. */
  int promptTokens();

  /** Tokens after the prompt. */
  int generatedTokens();

  /** Most tokens after the prompt; at least 0, more than the context may hold. */
  int maxTokens();

  /**
   * @param position from 0 to below prompt and generated tokens
   */
  int token(int position);
}
