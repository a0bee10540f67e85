package dev.slipstream.transport;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for one test, which writes PEM files as a secret's mount has them. */
public final class TestAuthority {
  private static final Duration CLOCK_SKEW = Duration.ofHours(1);

  private final KeyPair keys = keyPair();
  private final X500Name name;
  private final X509Certificate certificate;

  public TestAuthority(String name) {
    this.name = new X500Name("CN=" + name);
    Instant now = Instant.now();
    this.certificate =
        sign(this.name, keys, now.minus(CLOCK_SKEW), now.plus(Duration.ofDays(1)), "");
  }

  /**
   * Writes {@code tls.crt}, {@code tls.key} and {@code ca.crt} for 127.0.0.1 and a host of this
   * name.
   */
  public Path issue(Path folder, String host) {
    Instant now = Instant.now();
    return issue(folder, host, now.minus(CLOCK_SKEW), now.plus(Duration.ofDays(1)));
  }

  /** As {@link #issue}, but valid until an hour ago. */
  public Path issueExpired(Path folder, String host) {
    Instant now = Instant.now();
    return issue(folder, host, now.minus(Duration.ofDays(2)), now.minus(CLOCK_SKEW));
  }

  private Path issue(Path folder, String host, Instant from, Instant to) {
    KeyPair pair = keyPair();
    X509Certificate leaf = sign(new X500Name("CN=" + host), pair, from, to, host);
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("ca.crt"), pem(certificate));
      Files.writeString(folder.resolve("tls.crt"), pem(leaf));
      Files.writeString(
          folder.resolve("tls.key"), pem(new JcaPKCS8Generator(pair.getPrivate(), null)));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The certificate of this authority, in PEM. */
  public String pem() {
    return pem(certificate);
  }

  private X509Certificate sign(
      X500Name subject, KeyPair pair, Instant from, Instant to, String host) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(64, new java.security.SecureRandom()),
              Date.from(from),
              Date.from(to),
              subject,
              pair.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(host.isEmpty()));
      if (!host.isEmpty()) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(
                new GeneralName[] {
                  new GeneralName(GeneralName.dNSName, host),
                  new GeneralName(GeneralName.iPAddress, "127.0.0.1")
                }));
      }
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair keyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(Object content) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
