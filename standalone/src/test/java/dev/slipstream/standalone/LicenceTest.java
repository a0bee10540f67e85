package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the SBOM of the whole suite says about licences. A library whose licence is not listed here
 * must not get into a release unnoticed.
 */
class LicenceTest {
  private static final Set<String> ALLOWED =
      Set.of("Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-2.0");

  /** Libraries whose description says something else than their licence file, or nothing. */
  private static final Map<String, String> LOOKED_UP =
      Map.of(
          "com.google.re2j:re2j", "the Go licence is BSD-3-Clause",
          "org.jline:jline", "BSD-3-Clause, says its licence file",
          "com.google.code.findbugs:annotations", "LGPL; annotations only, used unchanged");

  @Test
  void everyLibraryHasALicenceThatIsListed() throws Exception {
    try (InputStream sbom =
        LicenceTest.class.getResourceAsStream("/META-INF/sbom/application.cdx.json")) {
      assumeTrue(sbom != null, "skipped: this build has made no SBOM");
      JsonNode components = new JsonMapper().readTree(sbom).get("components");
      assertThat(components.size()).isGreaterThan(50);
      var others = new TreeMap<String, Set<String>>();
      for (JsonNode component : components) {
        Set<String> licences = licences(component);
        String name =
            component.path("group").asString("") + ":" + component.path("name").asString("");
        if (licences.stream().noneMatch(ALLOWED::contains) && !LOOKED_UP.containsKey(name)) {
          others.put(name, licences);
        }
      }
      assertThat(others).as("libraries with another licence, or none").isEmpty();
    }
  }

  /** Identifiers, or names where there is none; of an alternative, each by itself. */
  private static Set<String> licences(JsonNode component) {
    List<String> found = new ArrayList<>();
    for (JsonNode licence : component.path("licenses")) {
      JsonNode one = licence.path("license");
      found.add(one.path("id").asString(one.path("name").asString("")));
      found.addAll(List.of(licence.path("expression").asString("").split(" OR |[()]")));
    }
    found.removeIf(String::isBlank);
    return new TreeSet<>(found);
  }
}
