/** What a place for blocks must offer, and what it is asked with. */
@NullMarked
package dev.slipstream.kv.storage;

import org.jspecify.annotations.NullMarked;
