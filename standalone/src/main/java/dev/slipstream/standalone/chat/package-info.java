/** A conversation with a gateway on the terminal. */
@NullMarked
package dev.slipstream.standalone.chat;

import org.jspecify.annotations.NullMarked;
