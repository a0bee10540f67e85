/** The benchmarks behind {@code slipstream bench}: the engine alone, and a gateway under load. */
package dev.slipstream.standalone.bench;
