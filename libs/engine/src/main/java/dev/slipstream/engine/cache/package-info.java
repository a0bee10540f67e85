/** The paged KV: blocks outside the heap, and the sequences that share them. */
@NullMarked
package dev.slipstream.engine.cache;

import org.jspecify.annotations.NullMarked;
