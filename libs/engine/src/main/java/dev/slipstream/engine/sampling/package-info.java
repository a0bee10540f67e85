/** Chooses tokens from logits: processors, truncation, seeded draws, log-probabilities. */
@NullMarked
package dev.slipstream.engine.sampling;

import org.jspecify.annotations.NullMarked;
