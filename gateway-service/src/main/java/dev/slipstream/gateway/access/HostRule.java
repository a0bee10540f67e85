package dev.slipstream.gateway.access;

import dev.slipstream.gateway.application.ErrorText;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * By which names a gateway may be called. A web page can have its own host's name resolved to
 * 127.0.0.1 (DNS rebinding), and then it is no stranger to the browser any more: what tells it from
 * a client on this machine is that name.
 */
public final class HostRule {
  private static final String ANY = "*";
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:\\[(?<v6>[^\\[\\]]+)]|(?<name>[^:\\[\\]]+?)\\.?)(?::[0-9]{0,5})?");

  private final boolean any;
  private final boolean loopback;
  private final Set<String> named;

  /**
   * @param allowed names besides those of loopback, or {@code *} for any; if there are none, any
   *     name is allowed, except by an open gateway on loopback
   * @param open whether everybody is let in
   * @param loopback whether the gateway listens on loopback only. Elsewhere addresses are allowed,
   *     too: no name leads to a page that came from one, and probes use them
   */
  public HostRule(List<String> allowed, boolean open, boolean loopback) {
    this.any = allowed.contains(ANY) || allowed.isEmpty() && !(open && loopback);
    this.loopback = loopback;
    this.named =
        allowed.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }

  /**
   * @param authority as in {@code Host}: a name or address and, maybe, a port
   */
  public boolean allows(String authority) {
    if (any) {
      return true;
    }
    Matcher parts = AUTHORITY.matcher(authority.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      return false;
    }
    String name = parts.group("name");
    if (name == null) {
      return allowsAddress(parts.group("v6"));
    }
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || named.contains(name)
        || allowsAddress(name);
  }

  private boolean allowsAddress(String host) {
    try {
      // Reads addresses only, and asks no DNS.
      return InetAddress.ofLiteral(host).isLoopbackAddress() || !loopback || named.contains(host);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** What to tell a client that used another name. */
  public String refusal(String authority) {
    return "This gateway is not called '%s': only localhost, *.localhost, 127.0.0.0/8, [::1] and the names in slipstream.gateway.allowed-hosts (SLIPSTREAM_GATEWAY_ALLOWEDHOSTS) are answered. Use one of them, or add this one."
        .formatted(ErrorText.shortened(authority));
  }
}
