package dev.slipstream.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** A certificate authority made with openssl, as docs/security.md tells users to make one. */
record Authority(Path folder) {
  private static final List<String> KEY =
      List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes");

  static Authority create(Path folder, String name) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Authority authority = new Authority(folder);
    List<String> command = new ArrayList<>(List.of("req", "-x509"));
    command.addAll(KEY);
    command.addAll(List.of("-days", "30", "-subj", "/CN=" + name));
    command.addAll(List.of("-keyout", "ca.key", "-out", "ca.crt"));
    authority.openssl(command);
    return authority;
  }

  Path certificate() {
    return folder.resolve("ca.crt");
  }

  /**
   * Puts {@code tls.crt}, {@code tls.key} and {@code ca.crt} into a folder, in place of those that
   * are there.
   *
   * @param host the name that others call the service by
   * @param days how long the certificate is valid; less than 0 for one that has expired
   */
  void issue(Path to, String host, int days) throws IOException, InterruptedException {
    Files.createDirectories(to);
    Files.writeString(folder.resolve("san"), "subjectAltName=DNS:" + host);
    List<String> request = new ArrayList<>(List.of("req"));
    request.addAll(KEY);
    request.addAll(List.of("-subj", "/CN=" + host, "-keyout", "tls.key", "-out", "tls.csr"));
    openssl(request);
    openssl(
        List.of(
            ("x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile san"
                    + " -out tls.crt -days "
                    + days)
                .split(" ")));
    for (String file : List.of("tls.key", "tls.crt", "ca.crt")) {
      Path next = to.resolve(file + ".next");
      Files.copy(folder.resolve(file), next, StandardCopyOption.REPLACE_EXISTING);
      // The containers' user is another one.
      Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(next, to.resolve(file), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private void openssl(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
  }
}
