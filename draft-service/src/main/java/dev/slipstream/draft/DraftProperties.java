package dev.slipstream.draft;

import dev.slipstream.drafting.Resting;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Configuration of the draft service.
 *
 * @param model reference of the model whose vocabulary the drafters speak; targets with another
 *     tokenizer are refused. Empty serves any tokenizer, which is right for prompt lookup, as it
 *     copies
 * @param defaultDrafter the drafter of requests that name none; empty for the first there is
 * @param threads threads that drafters work on
 * @param maxStreams texts that are followed at a time
 * @param maxContext longest text, in tokens
 * @param maxIndexedTokens tokens of all texts together; prompt lookup takes about 90 bytes for each
 * @param maxNodes most nodes of a proposal, whatever a request asks for
 * @param resting what a target that wants no draft tokens is sent
 */
@Validated
@ConfigurationProperties("slipstream.draft")
public record DraftProperties(
    @NotNull @DefaultValue("") String model,
    @NotNull @DefaultValue("") String defaultDrafter,
    @Min(1) @Max(256) @DefaultValue("2") int threads,
    @Min(1) @DefaultValue("256") int maxStreams,
    @Min(1) @Max(1 << 24) @DefaultValue("131072") int maxContext,
    @Min(1) @DefaultValue("4194304") long maxIndexedTokens,
    @Min(1) @Max(1024) @DefaultValue("32") int maxNodes,
    @NotNull @DefaultValue Resting resting) {}
