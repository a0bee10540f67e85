/** Blocks in this process, outside the heap. */
@NullMarked
package dev.slipstream.kv.memory;

import org.jspecify.annotations.NullMarked;
