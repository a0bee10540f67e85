/** Memory from the operating system. */
@NullMarked
package dev.slipstream.engine.memory;

import org.jspecify.annotations.NullMarked;
