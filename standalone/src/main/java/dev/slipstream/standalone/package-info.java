/** The command line, and the suite of four services on one machine. */
package dev.slipstream.standalone;
