package dev.slipstream.standalone;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says what a JVM makes of its arguments, its environment and its input. */
final class EchoMain {
  private EchoMain() {}

  public static void main(String[] arguments) throws IOException {
    for (String argument : arguments) {
      boolean isPath = argument.endsWith(".gguf") && Files.exists(Path.of(argument));
      System.out.println("argument " + argument + (isPath ? " exists" : ""));
    }
    System.out.println("variable " + System.getenv("TEXT"));
    System.out.println("input " + new BufferedReader(new InputStreamReader(System.in)).readLine());
  }

  static String classPath() throws URISyntaxException {
    return Path.of(EchoMain.class.getProtectionDomain().getCodeSource().getLocation().toURI())
        .toString();
  }
}
