/** The paged KV: blocks outside the heap, and the sequences that share them. */
package dev.slipstream.engine.cache;
