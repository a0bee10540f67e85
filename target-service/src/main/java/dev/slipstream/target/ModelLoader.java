package dev.slipstream.target;

/** Gets the configured model into memory; may take minutes. */
@FunctionalInterface
public interface ModelLoader {
  /**
   * @throws Exception with a message for the operator: what is wrong and what to do
   */
  LoadedModel load() throws Exception;
}
