package dev.slipstream.standalone.docs;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import dev.slipstream.standalone.architecture.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

/** What the Javadoc of a record says of its components, from its source. */
final class RecordDocs {
  private RecordDocs() {}

  /**
   * @return for each component that has a {@code @param}, its text as Markdown on one line
   */
  static Map<String, String> of(Class<?> type) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, List.of(), null, files.getJavaFileObjects(source(type)));
      DocTrees comments = DocTrees.instance(task);
      Map<String, String> found = new HashMap<>();
      for (var unit : task.parse()) {
        new TreePathScanner<Void, Void>() {
          @Override
          public Void visitClass(ClassTree tree, Void nothing) {
            DocCommentTree comment = comments.getDocCommentTree(getCurrentPath());
            if (tree.getSimpleName().contentEquals(type.getSimpleName()) && comment != null) {
              comment.getBlockTags().stream()
                  .filter(ParamTree.class::isInstance)
                  .map(ParamTree.class::cast)
                  .forEach(p -> found.put(p.getName().toString(), markdown(p.getDescription())));
            }
            return super.visitClass(tree, nothing);
          }
        }.scan(unit, null);
      }
      return found;
    }
  }

  private static Path source(Class<?> type) throws IOException {
    Class<?> outermost = type;
    while (outermost.getEnclosingClass() != null) {
      outermost = outermost.getEnclosingClass();
    }
    String name = "src/main/java/" + outermost.getName().replace('.', '/') + ".java";
    Path root = Repository.root();
    try (Stream<Path> modules = Files.list(root);
        Stream<Path> libraries = Files.list(root.resolve("libs"))) {
      return Stream.concat(modules, libraries)
          .map(module -> module.resolve(name))
          .filter(Files::exists)
          .findFirst()
          .orElseThrow(() -> new AssertionError("there is no " + name));
    }
  }

  private static String markdown(List<? extends DocTree> text) {
    return text.stream()
        .map(
            part ->
                switch (part) {
                  case LiteralTree literal -> code(literal.getBody().toString());
                  case LinkTree link -> "`" + link.getReference() + "`";
                  default -> part.toString();
                })
        .collect(Collectors.joining())
        .replaceAll("\\s+", " ")
        // The table has a column for that.
        .replaceFirst(";[^;]+ if null$", "")
        .strip();
  }

  /** Another component of the record is another key to a reader. */
  private static String code(String text) {
    String name = text.strip();
    boolean isComponent = name.matches("[a-z]+([A-Z][a-z]+)+");
    return "`" + (isComponent ? DataObjectPropertyName.toDashedForm(name) : name) + "`";
  }
}
