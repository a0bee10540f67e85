/** The four services on one machine: in this JVM, or as processes of their own. */
@NullMarked
package dev.slipstream.standalone.suite;

import org.jspecify.annotations.NullMarked;
