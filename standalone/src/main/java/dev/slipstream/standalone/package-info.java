/** The command line, and the suite of four services on one machine. */
@NullMarked
package dev.slipstream.standalone;

import org.jspecify.annotations.NullMarked;
