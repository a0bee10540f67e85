package dev.slipstream.standalone.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.slipstream.technique.Technique;
import java.util.Comparator;
import java.util.List;

/** Finds the techniques of the product: the packages that say they are one. */
public final class Techniques {
  private Techniques() {}

  /** All of them, in the order of their packages. */
  public static List<JavaPackage> all() {
    return in(
        new ClassFileImporter()
            .withImportOption(new MainSources())
            .importPackages("dev.slipstream"));
  }

  static List<JavaPackage> in(JavaClasses classes) {
    return classes.getDefaultPackage().getSubpackagesInTree().stream()
        .filter(Techniques::isOne)
        .sorted(Comparator.comparing(JavaPackage::getName))
        .toList();
  }

  /** Whether a class belongs to a technique: to its package, or one below it. */
  static boolean contain(JavaClass c) {
    for (JavaPackage p = c.getPackage(); ; p = p.getParent().get()) {
      if (isOne(p)) {
        return true;
      }
      if (p.getParent().isEmpty()) {
        return false;
      }
    }
  }

  public static Technique of(JavaPackage p) {
    return p.getPackageInfo().getAnnotationOfType(Technique.class);
  }

  private static boolean isOne(JavaPackage p) {
    return p.tryGetPackageInfo().filter(info -> info.isAnnotatedWith(Technique.class)).isPresent();
  }
}
