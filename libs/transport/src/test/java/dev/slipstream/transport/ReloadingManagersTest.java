package dev.slipstream.transport;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.KeyStore;
import org.junit.jupiter.api.Test;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslStoreBundle;

/** A mistake in a bundle is named: without this, a service ends with a defect of its own. */
class ReloadingManagersTest {
  @Test
  void anAliasThatTheKeyStoreLacksIsNamed() throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    SslBundle bundle =
        SslBundle.of(SslStoreBundle.of(keys, null, null), SslBundleKey.of(null, "gateway"));

    assertThatThrownBy(() -> new ReloadingManagers("suite", bundle))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'suite'")
        .hasMessageContaining("no private key named 'gateway'");
  }
}
