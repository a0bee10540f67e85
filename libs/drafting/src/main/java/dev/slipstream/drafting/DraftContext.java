package dev.slipstream.drafting;

import dev.slipstream.engine.sampling.SamplingParams;

/**
 * What is known of a text before it begins.
 *
 * @param sampling how the target chooses tokens, but with a seed of the drafter's own, as its draws
 *     must be independent of the target's
 * @param tenant whose text this is; nothing that is learnt from it may show in another tenant's
 *     drafts
 * @param features what the target tells besides the text
 */
public record DraftContext(SamplingParams sampling, String tenant, TargetFeatures features) {}
