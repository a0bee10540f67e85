/** What a place for blocks must offer, and what it is asked with. */
package dev.slipstream.kv.storage;
