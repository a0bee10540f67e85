package dev.slipstream.gateway.upstream;

import io.grpc.ManagedChannel;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints behind configured names. A name {@code dns:///host:port} stands for all addresses
 * that the host has at the moment, one endpoint each, so that a replica is chosen for every request
 * and not once for a long-lived connection. Any other name stands for one endpoint.
 *
 * <p>A replica that has left the name gets no new streams and may end those that it has. When a
 * name cannot be resolved, the replicas known so far stay.
 */
final class Endpoints<E> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Endpoints.class);

  /** How often names are looked up; the JVM remembers an answer for a while, too. */
  private static final Duration PERIOD = Duration.ofSeconds(2);

  private static final Pattern DNS = Pattern.compile("dns:(?:///)?([^/:\\[\\]]+):(\\d+)");

  /** Finds the addresses of a host. */
  @FunctionalInterface
  interface Resolver {
    List<InetAddress> resolve(String host) throws UnknownHostException;

    static Resolver ofSystem() {
      return host -> Arrays.asList(InetAddress.getAllByName(host));
    }
  }

  /** A name to look up, and what it stood for the last time: endpoints by address. */
  private static final class DnsName<E> {
    final String name;
    final String host;
    final String port;
    Map<String, E> replicas = Map.of();
    boolean failing;

    DnsName(String name, Matcher parts) {
      this.name = name;
      this.host = parts.group(1);
      this.port = parts.group(2);
    }
  }

  /** Who wants to hear of endpoints, and what to do when one that it heard of has left. */
  private record Watch<E>(Function<? super E, Runnable> opened, Map<E, Runnable> unbindings) {
    void update(List<E> now) {
      new IdentityHashMap<>(unbindings)
          .forEach(
              (endpoint, unbind) -> {
                if (!now.contains(endpoint)) {
                  unbindings.remove(endpoint);
                  unbind.run();
                }
              });
      now.forEach(endpoint -> unbindings.computeIfAbsent(endpoint, opened));
    }
  }

  private final List<E> fixed = new ArrayList<>();
  private final List<DnsName<E>> dnsNames = new ArrayList<>();
  private final Channels channels;
  private final BiFunction<String, ManagedChannel, E> opener;
  private final Consumer<E> retirement;
  private final Resolver resolver;
  private final ScheduledExecutorService lookups;
  private final List<Watch<E>> watches = new ArrayList<>();
  private volatile List<E> all;
  private volatile List<String> unresolved = List.of();

  /**
   * @param opener makes the endpoint of a name and a channel
   * @param retirement is given endpoints that take no new streams any more
   */
  Endpoints(
      List<String> names,
      Channels channels,
      BiFunction<String, ManagedChannel, E> opener,
      Consumer<E> retirement,
      Resolver resolver) {
    this.channels = channels;
    this.opener = opener;
    this.retirement = retirement;
    this.resolver = resolver;
    for (String name : names) {
      Matcher dns = DNS.matcher(name);
      if (dns.matches()) {
        dnsNames.add(new DnsName<>(name, dns));
      } else {
        fixed.add(opener.apply(name, channels.open(name, Optional.empty())));
      }
    }
    all = List.copyOf(fixed);
    unresolved = dnsNames.stream().map(dns -> dns.name).toList();
    lookups =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("resolve-", 0).daemon().factory());
  }

  /** Looks names up from now on, the first time at once; in the background. */
  void follow() {
    if (!dnsNames.isEmpty()) {
      lookups.scheduleWithFixedDelay(
          this::refreshAgain, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** An exception, or an error, would end the schedule. */
  private void refreshAgain() {
    try {
      refresh();
    } catch (RuntimeException | Error e) {
      log.warn("replicas cannot be followed: {}", e.toString());
    }
  }

  /** Those that may get streams, names in the configured order. */
  List<E> all() {
    return all;
  }

  /**
   * Hears of every endpoint, those there are and those to come, on the thread that finds them.
   *
   * @param opened is given the endpoint; what it returns is run when the endpoint has left
   */
  synchronized void watch(Function<? super E, Runnable> opened) {
    Watch<E> watch = new Watch<>(opened, new IdentityHashMap<>());
    watches.add(watch);
    watch.update(all);
  }

  /** Names that no address is known for. */
  List<String> unresolved() {
    return unresolved;
  }

  /** Looks all names up once. */
  synchronized void refresh() {
    try {
      dnsNames.forEach(this::lookUp);
    } finally {
      publish();
    }
  }

  private void publish() {
    List<E> now = new ArrayList<>(fixed);
    dnsNames.forEach(dns -> now.addAll(dns.replicas.values()));
    all = List.copyOf(now);
    unresolved =
        dnsNames.stream().filter(dns -> dns.replicas.isEmpty()).map(dns -> dns.name).toList();
    watches.forEach(watch -> watch.update(all));
  }

  private void lookUp(DnsName<E> dns) {
    TreeSet<String> addresses;
    try {
      addresses =
          oneFamily(resolver.resolve(dns.host))
              .map(Endpoints::literal)
              .collect(Collectors.toCollection(TreeSet::new));
    } catch (UnknownHostException e) {
      if (!dns.failing && !dns.replicas.isEmpty()) {
        log.warn("{} cannot be resolved; its known replicas stay", dns.name);
      }
      dns.failing = true;
      return;
    }
    dns.failing = false;
    if (addresses.equals(dns.replicas.keySet())) {
      return;
    }
    log.info("{} has the addresses {}", dns.name, addresses);
    Map<String, E> next = new LinkedHashMap<>();
    for (String address : addresses) {
      E known = dns.replicas.get(address);
      next.put(address, known == null ? open(dns, address) : known);
    }
    Map<String, E> last = dns.replicas;
    dns.replicas = next;
    last.forEach(
        (address, endpoint) -> {
          if (!next.containsKey(address)) {
            retirement.accept(endpoint);
          }
        });
  }

  private E open(DnsName<E> dns, String address) {
    String replica = address + ":" + dns.port;
    return opener.apply(
        replica, channels.open("dns:///" + replica, Optional.of(dns.host + ":" + dns.port)));
  }

  /** Or a replica with an address of each family would count twice. */
  private static Stream<InetAddress> oneFamily(List<InetAddress> addresses) {
    boolean both = addresses.stream().map(Inet6Address.class::isInstance).distinct().count() > 1;
    return addresses.stream().filter(address -> !both || !(address instanceof Inet6Address));
  }

  private static String literal(InetAddress address) {
    String text = address.getHostAddress();
    return address instanceof Inet6Address ? "[" + text + "]" : text;
  }

  @Override
  public void close() {
    lookups.shutdownNow();
  }
}
