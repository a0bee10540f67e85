/** The four services on one machine: in this JVM, or as processes of their own. */
package dev.slipstream.standalone.suite;
