package dev.slipstream.system;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One stack for all classes that want one, because it takes half a minute to start. It is ready
 * when a test begins; a test leaves it however it likes.
 */
final class SharedStack implements ParameterResolver, BeforeAllCallback, BeforeEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(SharedStack.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Stack.class;
  }

  @Override
  public Stack resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return stack(context);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    stack(context).restore();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    stack(context).restore();
  }

  /** JUnit closes it after the last test. */
  private static Stack stack(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(
            Stack.class,
            key -> {
              Stack stack = new Stack();
              stack.start();
              return stack;
            },
            Stack.class);
  }
}
