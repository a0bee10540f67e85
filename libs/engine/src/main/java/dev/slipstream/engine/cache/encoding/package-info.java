/**
 * How keys and values become bytes and back. A further encoding is a {@link
 * dev.slipstream.engine.cache.KvEncoding} in a package of its own and a name in {@link
 * dev.slipstream.engine.cache.encoding.NamedEncoding}.
 */
@NullMarked
package dev.slipstream.engine.cache.encoding;

import org.jspecify.annotations.NullMarked;
