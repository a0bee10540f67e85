/**
 * How a process of Slipstream starts and stops, the same for the command line and for each service
 * alone: configuration is checked before anything else is done, a mistake in it is one line, and a
 * stop is obeyed at any moment.
 */
@NullMarked
package dev.slipstream.startup;

import org.jspecify.annotations.NullMarked;
