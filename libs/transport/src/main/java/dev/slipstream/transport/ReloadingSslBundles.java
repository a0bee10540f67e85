package dev.slipstream.transport;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * Boot's bundles, whose key and trust managers follow reloads. Boot hands a gRPC server or channel
 * its managers once, at start; these consult the newest certificates at every handshake, so that a
 * rotation needs no restart and open connections go on.
 */
final class ReloadingSslBundles implements SslBundles {
  private final SslBundles loaded;
  private final Map<String, SslBundle> reloading = new ConcurrentHashMap<>();

  /**
   * @param loaded which reads files, and reads them again when they change
   */
  ReloadingSslBundles(SslBundles loaded) {
    this.loaded = loaded;
  }

  @Override
  public SslBundle getBundle(String name) {
    return reloading.computeIfAbsent(name, this::follow);
  }

  private SslBundle follow(String name) {
    SslBundle bundle = loaded.getBundle(name);
    ReloadingManagers managers = new ReloadingManagers(name, bundle);
    loaded.addBundleUpdateHandler(name, managers::update);
    return SslBundle.of(
        bundle.getStores(), bundle.getKey(), bundle.getOptions(), bundle.getProtocol(), managers);
  }

  @Override
  public void addBundleUpdateHandler(String name, Consumer<SslBundle> handler) {
    loaded.addBundleUpdateHandler(name, handler);
  }

  @Override
  public void addBundleRegisterHandler(BiConsumer<String, SslBundle> handler) {
    loaded.addBundleRegisterHandler(handler);
  }

  @Override
  public List<String> getBundleNames() {
    return loaded.getBundleNames();
  }
}
