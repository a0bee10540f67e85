/** A conversation with a gateway on the terminal. */
package dev.slipstream.standalone.chat;
