package dev.slipstream.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.drafting.Resting;
import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

class DraftPropertiesTest {
  @EnableConfigurationProperties({DraftProperties.class, PromptLookupWiring.Properties.class})
  static class Properties {}

  private final ApplicationContextRunner context =
      new ApplicationContextRunner().withUserConfiguration(Properties.class);

  private static List<Record> records(ApplicationContext context) {
    return List.of(
        context.getBean(DraftProperties.class),
        context.getBean(PromptLookupWiring.Properties.class).promptLookup());
  }

  @Test
  void defaults() {
    context.run(
        c ->
            assertThat(records(c))
                .containsExactly(
                    new DraftProperties("", "", 2, 256, 131_072, 4_194_304, 32, new Resting(4, 8)),
                    new PromptLookupConfig(2, 8, 16, 16)));
  }

  @Test
  void everyKeyIsBound() {
    context
        .withPropertyValues(
            "slipstream.draft.model=file:/models/m.gguf",
            "slipstream.draft.default-drafter=other",
            "slipstream.draft.threads=3",
            "slipstream.draft.max-streams=4",
            "slipstream.draft.max-context=5",
            "slipstream.draft.max-indexed-tokens=6",
            "slipstream.draft.max-nodes=7",
            "slipstream.draft.resting.nodes=8",
            "slipstream.draft.resting.interval=9",
            "slipstream.draft.prompt-lookup.min-ngram=1",
            "slipstream.draft.prompt-lookup.max-ngram=10",
            "slipstream.draft.prompt-lookup.candidates=11",
            "slipstream.draft.prompt-lookup.max-depth=12")
        .run(
            c ->
                assertThat(records(c))
                    .containsExactly(
                        new DraftProperties(
                            "file:/models/m.gguf", "other", 3, 4, 5, 6, 7, new Resting(8, 9)),
                        new PromptLookupConfig(1, 10, 11, 12)));
  }

  @Test
  void theFirstDrafterIsTheDefaultUnlessAnotherIsNamed() {
    List<String> known = List.of("prompt-lookup", "other");
    assertThat(DraftConfiguration.defaultDrafter("", known)).isEqualTo("prompt-lookup");
    assertThat(DraftConfiguration.defaultDrafter("other", known)).isEqualTo("other");
    assertThatThrownBy(() -> DraftConfiguration.defaultDrafter("oracle", known))
        .hasMessageContaining("slipstream.draft.default-drafter")
        .hasMessageContaining("oracle");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "slipstream.draft.threads=0",
        "slipstream.draft.max-streams=0",
        "slipstream.draft.max-context=many",
        "slipstream.draft.max-nodes=2000",
        "slipstream.draft.resting.interval=0",
        "slipstream.draft.prompt-lookup.min-ngram=9",
        "slipstream.draft.prompt-lookup.candidates=65",
        "slipstream.draft.prompt-lookup.max-depth=0"
      })
  void aValueThatCannotWorkStopsTheStart(String property) {
    context.withPropertyValues(property).run(c -> assertThat(c).hasFailed());
  }
}
