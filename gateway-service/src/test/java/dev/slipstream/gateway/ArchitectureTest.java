package dev.slipstream.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.slipstream.gateway.upstream.UpstreamModel;

@AnalyzeClasses(
    packages = "dev.slipstream.gateway",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule LAYERS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("wiring")
          .definedBy("dev.slipstream.gateway")
          .layer("http")
          .definedBy("..gateway.http..")
          .layer("rpc")
          .definedBy("..gateway.rpc..")
          .layer("application")
          .definedBy("..gateway.application..")
          .layer("strategy")
          .definedBy("..gateway.strategy..")
          .layer("spi")
          .definedBy("..gateway.spi..")
          .layer("upstream")
          .definedBy("..gateway.upstream..")
          .layer("text")
          .definedBy("..gateway.text..")
          .whereLayer("wiring")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("http")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("rpc")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("application")
          .mayOnlyBeAccessedByLayers("http", "rpc", "wiring")
          .whereLayer("strategy")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("spi")
          .mayOnlyBeAccessedByLayers("http", "rpc", "application", "strategy", "wiring")
          .whereLayer("upstream")
          .mayOnlyBeAccessedByLayers("http", "rpc", "application", "wiring")
          .whereLayer("text")
          .mayOnlyBeAccessedByLayers("application");

  @ArchTest
  static final ArchRule TRANSPORTS_KNOW_WHAT_IS_SERVED_BUT_NOT_BY_WHOM =
      noClasses()
          .that()
          .resideInAnyPackage("..gateway.http..", "..gateway.rpc..")
          .should()
          .dependOnClassesThat(
              DescribedPredicate.describe(
                  "are clients of other services",
                  c ->
                      c.getPackageName().equals(UpstreamModel.class.getPackageName())
                          && !c.isEquivalentTo(UpstreamModel.class)));

  @ArchTest
  static final ArchRule USE_CASES_AND_CLIENTS_KNOW_NO_SPRING =
      noClasses()
          .that()
          .resideInAnyPackage(
              "..gateway.application..",
              "..gateway.spi..",
              "..gateway.strategy..",
              "..gateway.upstream..",
              "..gateway.text..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.springframework..");

  /** What a strategy sees of the gateway is what it may have. */
  @ArchTest
  static final ArchRule STRATEGIES_KNOW_NOT_HOW_SEQUENCES_ARE_MADE =
      classes()
          .that()
          .resideInAnyPackage("..gateway.spi..", "..gateway.strategy..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "..gateway.spi..",
              "..gateway.strategy..",
              "dev.slipstream.proto..",
              "com.google.protobuf..",
              "reactor..",
              "org.reactivestreams..",
              "java..");

  @ArchTest
  static final ArchRule TEXT_KNOWS_ONLY_TOKENIZERS =
      classes()
          .that()
          .resideInAPackage("..gateway.text..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("..gateway.text..", "dev.slipstream.text..", "java..");

  @ArchTest
  static final ArchRule HTTP_IS_NOT_SPOKEN_IN_GRPC =
      noClasses()
          .that()
          .resideInAPackage("..gateway.http..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.grpc..");
}
