package dev.slipstream.standalone.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.slipstream.drafting.Drafter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * What may know what. Libraries and services are found by their folders, layers and techniques by
 * their packages, so whatever is added is held to these rules at once.
 */
@AnalyzeClasses(packages = "dev.slipstream", importOptions = MainSources.class)
class ArchitectureTest {
  private static final String OURS = "dev.slipstream.";
  private static final List<String> LIBRARIES = Repository.libraries();
  private static final List<String> SERVICES = Repository.services();

  private static final Set<String> HOSTS_OF_DRAFTERS =
      Set.of(
          "technique",
          "text",
          "models",
          "engine",
          "drafting",
          "wire",
          "proto",
          "startup",
          "transport");

  /** What a module may know of ours besides itself; one that is not named here, nothing. */
  private static final Map<String, Set<String>> BELOW =
      Map.of(
          "text", Set.of("models"),
          "engine", Set.of("technique", "text", "models"),
          "drafting", Set.of("technique", "engine", "text", "models"),
          "wire", Set.of("engine", "proto"),
          "gateway", Set.of("text", "models", "proto", "startup", "transport"),
          "draft", HOSTS_OF_DRAFTERS,
          "target", HOSTS_OF_DRAFTERS,
          "kv", Set.of("proto", "startup", "transport"));

  /** Libraries that the services' Spring side has in common. */
  private static final Set<String> OF_SPRING = Set.of("startup", "transport");

  private static final Set<String> OF_GRPC = Set.of("wire", "transport");

  private static final Set<String> PLUGGED_IN = Set.of("memory", "redis", "strategy");

  private static final Set<String> TRANSPORTS = Set.of("transport", "http", "rpc");

  @ArchTest
  static final ArchRule MODULES_KNOW_ONE_ANOTHER_DOWNWARDS =
      classes()
          .that(are("ours", c -> c.getPackageName().startsWith(OURS)))
          .should(
              know("of ours only what lies below", (c, known) -> mayKnow(module(c), module(known))))
          .because("services may run in processes of their own, and libraries without services");

  @ArchTest
  static final ArchRule THE_GATEWAY_COMPUTES_NOTHING =
      noClasses()
          .that()
          .resideInAPackage("dev.slipstream.gateway..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.slipstream.engine..");

  @ArchTest
  static final ArchRule LIBRARIES_KNOW_NO_SPRING =
      noClasses()
          .that(are("in a library", c -> isLibrary(c) && !OF_SPRING.contains(module(c))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.springframework..");

  @ArchTest
  static final ArchRule LIBRARIES_KNOW_NO_GRPC =
      noClasses()
          .that(are("in a library", c -> isLibrary(c) && !OF_GRPC.contains(module(c))))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "com.google.protobuf..");

  @ArchTest
  static final ArchRule NOTHING_IN_A_SERVICE_KNOWS_ITS_WIRING =
      noClasses()
          .that(are("below a service's root", c -> isService(c) && !layer(c).isEmpty()))
          .should()
          .dependOnClassesThat(are("wiring", c -> isService(c) && layer(c).isEmpty()));

  @ArchTest
  static final ArchRule TRANSPORTS_ARE_KNOWN_TO_THE_WIRING_ALONE =
      classes()
          .that(are("below a service's root", c -> isService(c) && !layer(c).isEmpty()))
          .should(
              know(
                  "no transport but their own",
                  (c, known) -> !isTransport(known) || layer(known).equals(layer(c))));

  /** Access is refused in the words of the use cases. */
  @ArchTest
  static final ArchRule USE_CASES_ARE_KNOWN_TO_TRANSPORTS_AND_WIRING_ALONE =
      noClasses()
          .that(
              are(
                  "below the use cases",
                  c ->
                      isService(c)
                          && !isTransport(c)
                          && !Set.of("", "application", "access").contains(layer(c))))
          .should()
          .dependOnClassesThat(
              are("use cases", c -> isService(c) && layer(c).equals("application")));

  @ArchTest
  static final ArchRule ONLY_TRANSPORTS_AND_WIRING_KNOW_SPRING =
      noClasses()
          .that(are("within a service", ArchitectureTest::isWithin))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.springframework..");

  /** The gateway is a client of the others; contracts are what its use cases are about. */
  @ArchTest
  static final ArchRule ONLY_TRANSPORTS_AND_WIRING_KNOW_CONTRACTS =
      noClasses()
          .that(
              are(
                  "within another service than the gateway",
                  c -> isWithin(c) && !module(c).equals("gateway")))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "com.google.protobuf..", "dev.slipstream.proto..");

  @ArchTest
  static final ArchRule HTTP_IS_NOT_SPOKEN_IN_GRPC =
      noClasses()
          .that()
          .resideInAnyPackage("dev.slipstream.gateway.http..", "dev.slipstream.gateway.access..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.grpc..");

  @ArchTest
  static final ArchRule TRANSPORTS_KNOW_WHAT_IS_SERVED_BUT_NOT_BY_WHOM =
      noClasses()
          .that()
          .resideInAnyPackage("dev.slipstream.gateway.http..", "dev.slipstream.gateway.rpc..")
          .should()
          .dependOnClassesThat(
              are(
                  "clients of other services",
                  c ->
                      module(c).equals("gateway")
                          && layer(c).equals("upstream")
                          && !c.getSimpleName().endsWith("Model")));

  @ArchTest
  static final ArchRule TEXT_OF_ANSWERS_KNOWS_ONLY_TOKENIZERS =
      classes()
          .that()
          .resideInAPackage("dev.slipstream.gateway.text..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.slipstream.gateway.text..", "dev.slipstream.text..", "java..", "org.jspecify..");

  @ArchTest
  static final ArchRule STRATEGIES_KNOW_THEIR_SPI_AND_THE_CONTRACTS_ALONE =
      classes()
          .that()
          .resideInAnyPackage("dev.slipstream.gateway.spi..", "dev.slipstream.gateway.strategy..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.slipstream.gateway.spi..",
              "dev.slipstream.gateway.strategy..",
              "dev.slipstream.proto..",
              "com.google.protobuf..",
              "reactor..",
              "org.reactivestreams..",
              "java..",
              "org.jspecify..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule WHAT_IS_PLUGGED_IN_IS_KNOWN_TO_THE_WIRING_ALONE =
      classes()
          .that(are("below a service's root", c -> isService(c) && !layer(c).isEmpty()))
          .should(
              know(
                  "no storage and no strategy but their own",
                  (c, known) ->
                      !isService(known)
                          || !PLUGGED_IN.contains(layer(known))
                          || layer(known).equals(layer(c))));

  @ArchTest
  static final ArchRule TECHNIQUES_KNOW_NO_FRAMEWORK =
      noClasses()
          .that(are("of a technique", Techniques::contain))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.springframework..", "io.grpc..");

  @ArchTest
  static final ArchRule TECHNIQUES_IN_A_SERVICE_KNOW_ITS_SPI_ALONE =
      classes()
          .that(are("of a technique in a service", c -> isService(c) && Techniques.contain(c)))
          .should(
              know(
                  "of their service only its spi",
                  (c, known) ->
                      !isService(known)
                          || layer(known).equals(layer(c))
                          || layer(known).equals("spi")))
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule A_TECHNIQUE_IS_KNOWN_TO_ITS_WIRING_ALONE =
      classes()
          .that(are("of no technique", c -> !Techniques.contain(c)))
          .should(
              know(
                  "no technique, unless they are the one class that wires it",
                  (c, known) -> !Techniques.contain(known) || isWiringOf(c, known)))
          .because("without its package and its wiring a technique must be gone");

  @ArchTest
  static final ArchRule WHATEVER_DRAFTS_IS_A_TECHNIQUE =
      classes()
          .that()
          .implement(Drafter.class)
          .and()
          .resideOutsideOfPackage(Drafter.class.getPackageName())
          .or(
              are(
                  "below the drafters' interface",
                  c -> c.getPackageName().startsWith(Drafter.class.getPackageName() + ".")))
          .should(
              new ArchCondition<>("be in a package that is marked as a technique") {
                @Override
                public void check(JavaClass c, ConditionEvents events) {
                  if (!Techniques.contain(c)) {
                    events.add(SimpleConditionEvent.violated(c, c.getDescription()));
                  }
                }
              });

  private static boolean mayKnow(String module, String known) {
    return known.isEmpty()
        || module.equals(known)
        || module.equals("standalone")
        || BELOW.getOrDefault(module, Set.of()).contains(known);
  }

  /** Named after the technique, in the root of a service: {@code PromptLookupWiring}. */
  private static boolean isWiringOf(JavaClass c, JavaClass technique) {
    String outermost = c.getName().substring(c.getPackageName().length() + 1).split("\\$")[0];
    String name = technique.getPackageName().replaceFirst(".*\\.", "");
    return isService(c) && layer(c).isEmpty() && outermost.equalsIgnoreCase(name + "Wiring");
  }

  private static boolean isLibrary(JavaClass c) {
    return LIBRARIES.contains(module(c));
  }

  private static boolean isService(JavaClass c) {
    return SERVICES.contains(module(c));
  }

  private static boolean isTransport(JavaClass c) {
    return isService(c) && TRANSPORTS.contains(layer(c));
  }

  /** Neither wiring nor transport. */
  private static boolean isWithin(JavaClass c) {
    return isService(c) && !layer(c).isEmpty() && !isTransport(c);
  }

  /** The part of ours that a class belongs to: a library, a service; empty if it is not ours. */
  private static String module(JavaClass c) {
    return part(c, 0);
  }

  /** The part of a module that a class belongs to; empty for the module's root. */
  private static String layer(JavaClass c) {
    return part(c, 1);
  }

  private static String part(JavaClass c, int index) {
    if (!c.getPackageName().startsWith(OURS)) {
      return "";
    }
    String[] parts = c.getPackageName().substring(OURS.length()).split("\\.");
    return index < parts.length ? parts[index] : "";
  }

  private static DescribedPredicate<JavaClass> are(String what, Predicate<JavaClass> test) {
    return describe("are " + what, test);
  }

  private static ArchCondition<JavaClass> know(
      String what, BiPredicate<JavaClass, JavaClass> allowed) {
    return new ArchCondition<>("know " + what) {
      @Override
      public void check(JavaClass c, ConditionEvents events) {
        for (Dependency dependency : c.getDirectDependenciesFromSelf()) {
          JavaClass known = dependency.getTargetClass().getBaseComponentType();
          if (!allowed.test(c, known)) {
            events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
          }
        }
      }
    };
  }
}
