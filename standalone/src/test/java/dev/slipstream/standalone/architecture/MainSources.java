package dev.slipstream.standalone.architecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import java.util.regex.Pattern;

/** Leaves out tests, be they classes in a folder or what a module shares of them in a jar. */
public final class MainSources implements ImportOption {
  private static final Pattern TESTS_IN_A_JAR = Pattern.compile(".*-tests\\.jar.*");
  private static final ImportOption NO_TESTS = new DoNotIncludeTests();

  @Override
  public boolean includes(Location location) {
    return NO_TESTS.includes(location) && !location.matches(TESTS_IN_A_JAR);
  }
}
