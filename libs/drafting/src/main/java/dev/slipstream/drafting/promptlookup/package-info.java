/** Drafts copied from the text itself; see {@code docs/techniques/prompt-lookup.md}. */
package dev.slipstream.drafting.promptlookup;
