/**
 * How keys and values become bytes and back. A further encoding is a {@link
 * dev.slipstream.engine.cache.KvEncoding} in a package of its own and a name in {@link
 * dev.slipstream.engine.cache.encoding.NamedEncoding}.
 */
package dev.slipstream.engine.cache.encoding;
