/** Blocks in this process, outside the heap. */
package dev.slipstream.kv.memory;
