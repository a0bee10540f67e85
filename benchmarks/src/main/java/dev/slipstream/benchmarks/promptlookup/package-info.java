/** Times of prompt lookup; see {@code docs/techniques/prompt-lookup.md}. */
package dev.slipstream.benchmarks.promptlookup;
