package dev.slipstream.transport;

import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslManagerBundle;

/**
 * Key and trust manager of one bundle; gRPC's own, whose content can be replaced while handshakes
 * go on. What cannot be used replaces nothing.
 */
final class ReloadingManagers implements SslManagerBundle {
  private static final Logger log = LoggerFactory.getLogger(ReloadingManagers.class);

  private final String name;
  private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager trust;
  private final KeyManagerFactory keyFactory;
  private final TrustManagerFactory trustFactory;

  /**
   * @throws IllegalStateException if the bundle's certificates cannot be used
   */
  ReloadingManagers(String name, SslBundle bundle) {
    this.name = name;
    try {
      trust = AdvancedTlsX509TrustManager.newBuilder().build();
      take(bundle);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the SSL bundle '" + name + "' cannot be used: " + e, e);
    }
    keyFactory = new OneKeyManagerFactory(keys);
    trustFactory = SslManagerBundle.from(trust).getTrustManagerFactory();
  }

  /** From now on handshakes use this bundle's certificates, unless they are no good. */
  void update(SslBundle bundle) {
    try {
      take(bundle);
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      log.error(
          "SSL bundle '{}' has changed, but cannot be used; the old one stays: {}",
          name,
          e.toString());
    }
  }

  private synchronized void take(SslBundle bundle) throws GeneralSecurityException, IOException {
    KeyStore trustStore = bundle.getStores().getTrustStore();
    Optional<Identity> identity = identity(bundle);
    if (trustStore == null) {
      trust.useSystemDefaultTrustCerts();
    } else {
      trust.updateTrustCredentials(certificates(trustStore));
    }
    identity.ifPresent(own -> keys.updateIdentityCredentials(own.chain(), own.key()));
    log.info(
        "SSL bundle '{}' in use: {}",
        name,
        identity.map(Identity::description).orElse("no certificate of its own"));
  }

  private record Identity(X509Certificate[] chain, PrivateKey key) {
    String description() {
      return "certificate of %s, valid until %s"
          .formatted(
              chain[0].getSubjectX500Principal().getName(), chain[0].getNotAfter().toInstant());
    }
  }

  private static Optional<Identity> identity(SslBundle bundle) throws GeneralSecurityException {
    KeyStore store = bundle.getStores().getKeyStore();
    if (store == null) {
      return Optional.empty();
    }
    String alias = alias(bundle, store);
    String password =
        bundle.getKey().getPassword() == null
            ? bundle.getStores().getKeyStorePassword()
            : bundle.getKey().getPassword();
    Certificate[] chain = store.getCertificateChain(alias);
    if (chain == null
        || !(store.getKey(alias, password == null ? null : password.toCharArray())
            instanceof PrivateKey key)) {
      throw new GeneralSecurityException("its key store has no private key named '" + alias + "'");
    }
    return Optional.of(
        new Identity(Arrays.copyOf(chain, chain.length, X509Certificate[].class), key));
  }

  private static String alias(SslBundle bundle, KeyStore store) throws GeneralSecurityException {
    String wanted = bundle.getKey().getAlias();
    if (wanted != null) {
      return wanted;
    }
    for (String alias : Collections.list(store.aliases())) {
      if (store.isKeyEntry(alias)) {
        return alias;
      }
    }
    throw new GeneralSecurityException("its key store has no private key");
  }

  private static X509Certificate[] certificates(KeyStore store) throws GeneralSecurityException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (String alias : Collections.list(store.aliases())) {
      certificates.add((X509Certificate) store.getCertificate(alias));
    }
    return certificates.toArray(X509Certificate[]::new);
  }

  @Override
  public KeyManagerFactory getKeyManagerFactory() {
    return keyFactory;
  }

  @Override
  public TrustManagerFactory getTrustManagerFactory() {
    return trustFactory;
  }

  /** The shape in which Boot and Netty want a key manager. */
  private static final class OneKeyManagerFactory extends KeyManagerFactory {
    OneKeyManagerFactory(KeyManager manager) {
      super(new Spi(manager), new NoProvider(), "reloading");
    }

    private static final class NoProvider extends Provider {
      private static final long serialVersionUID = 1L;

      NoProvider() {
        super("slipstream", "1", "one key manager");
      }
    }

    private static final class Spi extends KeyManagerFactorySpi {
      private final KeyManager manager;

      Spi(KeyManager manager) {
        this.manager = manager;
      }

      @Override
      protected void engineInit(KeyStore store, char[] password) {}

      @Override
      protected void engineInit(ManagerFactoryParameters parameters) {}

      @Override
      protected KeyManager[] engineGetKeyManagers() {
        return new KeyManager[] {manager};
      }
    }
  }
}
