package dev.slipstream.standalone;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What may know what, across the modules; each service's own tests see to its layers. */
@AnalyzeClasses(packages = "dev.slipstream", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final List<String> SERVICES =
      List.of(
          "dev.slipstream.gateway",
          "dev.slipstream.draft",
          "dev.slipstream.target",
          "dev.slipstream.kv");

  @ArchTest static final ArchRule MODELS_DEPEND_ON_NOTHING_OF_OURS = dependsOnlyOn("models");

  @ArchTest static final ArchRule TEXT_DEPENDS_ON_MODELS = dependsOnlyOn("text", "models");

  @ArchTest
  static final ArchRule THE_ENGINE_DEPENDS_ON_TEXT_AND_MODELS =
      dependsOnlyOn("engine", "text", "models");

  @ArchTest
  static final ArchRule DRAFTING_DEPENDS_ON_THE_ENGINE =
      dependsOnlyOn("drafting", "engine", "text", "models");

  @ArchTest
  static final ArchRule THE_WIRE_DEPENDS_ON_THE_ENGINE_AND_THE_CONTRACTS =
      dependsOnlyOn("wire", "engine", "proto");

  @ArchTest
  static final ArchRule LIBRARIES_KNOW_NEITHER_SPRING_NOR_GRPC =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.slipstream.models..",
              "dev.slipstream.text..",
              "dev.slipstream.engine..",
              "dev.slipstream.drafting..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.springframework..", "io.grpc..", "com.google.protobuf..");

  @ArchTest
  static final ArchRule THE_CONTRACTS_DEPEND_ON_NOTHING_OF_OURS =
      noClasses()
          .that()
          .resideInAPackage("dev.slipstream.proto..")
          .should()
          .dependOnClassesThat(oursExcept("dev.slipstream.proto"));

  @ArchTest
  static final ArchRule THE_TRANSPORT_DEPENDS_ON_NOTHING_OF_OURS =
      noClasses()
          .that()
          .resideInAPackage("dev.slipstream.transport..")
          .should()
          .dependOnClassesThat(oursExcept("dev.slipstream.transport"));

  @ArchTest
  static final ArchRule STARTUP_DEPENDS_ON_NOTHING_OF_OURS =
      noClasses()
          .that()
          .resideInAPackage("dev.slipstream.startup..")
          .should()
          .dependOnClassesThat(oursExcept("dev.slipstream.startup"));

  @ArchTest
  static final ArchRule API_KEYS_KNOW_NO_TRANSPORT =
      noClasses()
          .that()
          .resideInAPackage("dev.slipstream.gateway.access..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.springframework..", "io.grpc..");

  @ArchTest
  static final ArchRule SERVICES_KNOW_ONE_ANOTHER_ONLY_BY_CONTRACT =
      classes()
          .that()
          .resideInAnyPackage(SERVICES.stream().map(s -> s + "..").toArray(String[]::new))
          .should(dependOnNoOtherService())
          .because("services may run in processes of their own");

  @ArchTest
  static final ArchRule USE_CASES_DO_NOT_KNOW_HOW_THEY_ARE_REACHED =
      noClasses()
          .that()
          .resideInAPackage("..application..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.slipstream..transport..");

  @ArchTest
  static final ArchRule THE_GATEWAY_COMPUTES_NOTHING =
      noClasses()
          .that()
          .resideInAPackage("dev.slipstream.gateway..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.slipstream.engine..");

  private static ArchRule dependsOnlyOn(String library, String... below) {
    String own = "dev.slipstream." + library;
    String[] allowed =
        Stream.concat(Stream.of(own), Stream.of(below).map("dev.slipstream."::concat))
            .toArray(String[]::new);
    return noClasses()
        .that()
        .resideInAPackage(own + "..")
        .should()
        .dependOnClassesThat(oursExcept(allowed))
        .because("it is a library that anybody can use without the services");
  }

  private static ArchCondition<JavaClass> dependOnNoOtherService() {
    return new ArchCondition<>("depend on nothing of ours but libraries and contracts") {
      @Override
      public void check(JavaClass c, ConditionEvents events) {
        String own =
            SERVICES.stream().filter(service -> isIn(c, service)).findFirst().orElseThrow();
        DescribedPredicate<JavaClass> foreign =
            oursExcept(
                own,
                "dev.slipstream.models",
                "dev.slipstream.text",
                "dev.slipstream.engine",
                "dev.slipstream.drafting",
                "dev.slipstream.wire",
                "dev.slipstream.proto",
                "dev.slipstream.transport",
                "dev.slipstream.startup");
        for (Dependency dependency : c.getDirectDependenciesFromSelf()) {
          if (foreign.test(dependency.getTargetClass())) {
            events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static DescribedPredicate<JavaClass> oursExcept(String... packages) {
    return DescribedPredicate.describe(
        "are ours, but not of " + String.join(", ", packages),
        c ->
            isIn(c, "dev.slipstream")
                && Arrays.stream(packages).noneMatch(allowed -> isIn(c, allowed)));
  }

  private static boolean isIn(JavaClass c, String root) {
    return c.getPackageName().equals(root) || c.getPackageName().startsWith(root + ".");
  }
}
