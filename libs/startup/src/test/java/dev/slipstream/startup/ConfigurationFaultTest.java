package dev.slipstream.startup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.StandardEnvironment;

/** What a user gets wrong is one line; without this, it is a defect while it is being told. */
class ConfigurationFaultTest {
  @Test
  void aValueThatIsRefusedWithoutAReasonIsNamed() {
    var refused = new InvalidConfigurationPropertyValueException("slipstream.kv.size", "x", null);

    assertThat(ConfigurationFault.find(refused, new StandardEnvironment()))
        .hasValueSatisfying(
            line -> assertThat(line).contains("slipstream.kv.size").contains("is not valid"));
  }
}
