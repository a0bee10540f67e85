/**
 * The engine's types as messages of {@code slipstream.v1} and back, for both ends of a stream. What
 * comes in is checked here, once: a message that cannot be is refused with the name of its field.
 */
@NullMarked
package dev.slipstream.wire;

import org.jspecify.annotations.NullMarked;
