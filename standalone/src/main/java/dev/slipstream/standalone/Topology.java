package dev.slipstream.standalone;

import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.ProcessSuite;
import dev.slipstream.standalone.suite.Suite;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.standalone.suite.SuiteSettings;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;

/** Where the four services run. */
enum Topology {
  EMBEDDED(Form.EMBEDDED),
  PROCESSES(Form.PROCESSES);

  private final Form form;

  Topology(Form form) {
    this.form = form;
  }

  Form form() {
    return form;
  }

  Suite start(SuiteSettings settings, Consumer<String> messages)
      throws IOException, InterruptedException {
    return switch (this) {
      case EMBEDDED -> EmbeddedSuite.start(settings);
      case PROCESSES -> ProcessSuite.start(settings, messages);
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
