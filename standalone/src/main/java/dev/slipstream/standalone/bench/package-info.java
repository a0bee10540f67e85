/** The benchmarks behind {@code slipstream bench}: the engine alone, and a gateway under load. */
@NullMarked
package dev.slipstream.standalone.bench;

import org.jspecify.annotations.NullMarked;
