/** What every technique says of itself, in whatever module it lives. */
@NullMarked
package dev.slipstream.technique;

import org.jspecify.annotations.NullMarked;
