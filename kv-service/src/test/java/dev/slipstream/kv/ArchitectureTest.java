package dev.slipstream.kv;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.slipstream.kv",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule LAYERS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("wiring")
          .definedBy("dev.slipstream.kv")
          .layer("transport")
          .definedBy("..kv.transport..")
          .layer("application")
          .definedBy("..kv.application..")
          .layer("storage")
          .definedBy("..kv.storage..")
          .layer("memory")
          .definedBy("..kv.memory..")
          .layer("redis")
          .definedBy("..kv.redis..")
          .whereLayer("wiring")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("transport")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("application")
          .mayOnlyBeAccessedByLayers("transport", "wiring")
          .whereLayer("memory")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("redis")
          .mayOnlyBeAccessedByLayers("wiring");

  @ArchTest
  static final ArchRule STORAGE_AND_USE_CASES_KNOW_NO_FRAMEWORK =
      noClasses()
          .that()
          .resideInAnyPackage(
              "..kv.memory..", "..kv.redis..", "..kv.storage..", "..kv.application..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.springframework..",
              "io.grpc..",
              "com.google.protobuf..",
              "dev.slipstream.proto..");
}
