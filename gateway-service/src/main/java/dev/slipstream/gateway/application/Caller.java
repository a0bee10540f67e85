package dev.slipstream.gateway.application;

/** On whose behalf a request is made, and what it may still use. Thread-safe. */
public interface Caller {

  /** Where nobody needs a key: one tenant, no limits. */
  Caller ANYBODY =
      new Caller() {
        @Override
        public String name() {
          return "-";
        }

        @Override
        public String tenant() {
          return "";
        }

        @Override
        public void usePrompt(int tokens) {}

        @Override
        public void useAnswer(int tokens) {}
      };

  /** For the log; never a secret. */
  String name();

  /** Whose cached prefixes may be used, and whose the request's will be. */
  String tenant();

  /**
   * A prompt is about to be computed.
   *
   * @throws ApiException if the caller has used too many tokens lately
   */
  void usePrompt(int tokens);

  /** Tokens have been generated; they are never taken back. */
  void useAnswer(int tokens);
}
