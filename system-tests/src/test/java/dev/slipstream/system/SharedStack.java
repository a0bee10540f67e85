package dev.slipstream.system;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One stack for all classes that want one, because it takes half a minute to start. It is ready
 * when a test begins; a test leaves it however it likes.
 */
final class SharedStack implements ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(SharedStack.class);

  /** Closed by JUnit after the last test. */
  private record Shared(Stack stack) implements AutoCloseable {
    static Shared up() {
      try {
        return new Shared(Stack.up("test"));
      } catch (Exception e) {
        throw new AssertionError("the stack does not start", e);
      }
    }

    @Override
    public void close() throws Exception {
      stack.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Stack.class;
  }

  @Override
  public Stack resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(Stack.class, key -> Shared.up(), Shared.class)
        .stack();
  }
}
