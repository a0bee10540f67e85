/** Chooses tokens from logits: processors, truncation, seeded draws, log-probabilities. */
package dev.slipstream.engine.sampling;
