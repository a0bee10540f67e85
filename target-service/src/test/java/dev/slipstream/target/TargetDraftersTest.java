package dev.slipstream.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import dev.slipstream.drafting.toy.DrawingDrafter;
import dev.slipstream.drafting.toy.LearningDrafter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** Which drafters a target hosts: none unless asked, and no other than asked for. */
class TargetDraftersTest {
  private static final List<Drafter> KNOWN =
      List.of(
          new PromptLookupDrafter(PromptLookupConfig.DEFAULT),
          new DrawingDrafter(2),
          new LearningDrafter());

  private static TargetProperties properties(Map<String, String> set) {
    return new Binder(new MapConfigurationPropertySource(set))
        .bindOrCreate("slipstream.target", TargetProperties.class);
  }

  private static PromptLookupConfig promptLookup(Map<String, String> set) {
    return new Binder(new MapConfigurationPropertySource(set))
        .bindOrCreate("slipstream.target", PromptLookupWiring.Properties.class)
        .promptLookup();
  }

  @Test
  void noneUnlessTheConfigurationNamesOne() {
    assertThat(properties(Map.of()).drafters()).isEmpty();
    assertThat(promptLookup(Map.of())).isEqualTo(PromptLookupConfig.DEFAULT);
    assertThat(TargetConfiguration.hosted(List.of(), KNOWN)).isEmpty();
  }

  @Test
  void thoseThatAreNamedInTheirOrder() {
    Map<String, String> set =
        Map.of(
            "slipstream.target.drafters", "learning,prompt-lookup",
            "slipstream.target.prompt-lookup.max-depth", "5");

    assertThat(TargetConfiguration.hosted(properties(set).drafters(), KNOWN))
        .extracting(Drafter::name)
        .containsExactly("learning", "prompt-lookup");
    assertThat(promptLookup(set)).isEqualTo(new PromptLookupConfig(2, 8, 16, 5));
  }

  @Test
  void anUnknownNameOrAValueThatCannotWorkStopsTheStart() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TargetConfiguration.hosted(List.of("oracle"), KNOWN))
        .withMessageContaining("slipstream.target.drafters names 'oracle'")
        .withMessageContaining("prompt-lookup");
    assertThatThrownBy(() -> promptLookup(Map.of("slipstream.target.prompt-lookup.max-ngram", "1")))
        .hasStackTraceContaining("1 <= min-ngram <= max-ngram <= 32");
  }
}
