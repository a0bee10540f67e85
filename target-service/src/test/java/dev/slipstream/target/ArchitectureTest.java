package dev.slipstream.target;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.slipstream.target",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule LAYERS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("wiring")
          .definedBy("dev.slipstream.target")
          .layer("transport")
          .definedBy("..target.transport..")
          .layer("application")
          .definedBy("..target.application..")
          .whereLayer("wiring")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("transport")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("application")
          .mayOnlyBeAccessedByLayers("transport", "wiring");

  @ArchTest
  static final ArchRule THE_DECODE_LOOP_KNOWS_NO_FRAMEWORK =
      noClasses()
          .that()
          .resideInAPackage("..target.application..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework..",
              "io.grpc..",
              "com.google.protobuf..",
              "dev.slipstream.proto..");
}
