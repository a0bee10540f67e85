package dev.slipstream.draft;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.slipstream.draft",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule LAYERS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("wiring")
          .definedBy("dev.slipstream.draft")
          .layer("transport")
          .definedBy("..draft.transport..")
          .layer("application")
          .definedBy("..draft.application..")
          .whereLayer("wiring")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("transport")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("application")
          .mayOnlyBeAccessedByLayers("transport", "wiring");

  @ArchTest
  static final ArchRule USE_CASES_KNOW_NO_FRAMEWORK_AND_NO_TECHNIQUE =
      noClasses()
          .that()
          .resideInAPackage("..draft.application..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework..",
              "io.grpc..",
              "com.google.protobuf..",
              "dev.slipstream.proto..",
              "dev.slipstream.drafting.*..");
}
