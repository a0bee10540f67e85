/** Drafts copied from the text itself; see {@code docs/techniques/prompt-lookup.md}. */
@Technique(
    name = PromptLookupDrafter.NAME,
    lossless = Lossless.TOKEN,
    configuration = PromptLookupConfig.class)
@NullMarked
package dev.slipstream.drafting.promptlookup;

import dev.slipstream.technique.Lossless;
import dev.slipstream.technique.Technique;
import org.jspecify.annotations.NullMarked;
