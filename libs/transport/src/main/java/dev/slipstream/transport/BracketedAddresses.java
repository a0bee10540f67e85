package dev.slipstream.transport;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.grpc.server.DefaultGrpcServerFactory;

/**
 * Puts brackets around addresses of IPv6. Boot hands the factory of gRPC servers {@code
 * 0:0:0:0:0:0:0:1:9090} for port 9090 of {@code ::1}; the factory finds neither host nor port in
 * that, and opens 9090 on every address of the machine, whatever was configured. It has no setter.
 */
final class BracketedAddresses implements BeanPostProcessor {
  private static final String FIELD = "address";
  private static final Pattern IPV6 = Pattern.compile("([^\\[/]*:[^/]*):(\\d+)");

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof DefaultGrpcServerFactory<?>) {
      DirectFieldAccessor factory = new DirectFieldAccessor(bean);
      if (factory.getPropertyValue(FIELD) instanceof String address) {
        Matcher ipv6 = IPV6.matcher(address);
        if (ipv6.matches()) {
          factory.setPropertyValue(FIELD, "[" + ipv6.group(1) + "]:" + ipv6.group(2));
        }
      }
    }
    return bean;
  }
}
