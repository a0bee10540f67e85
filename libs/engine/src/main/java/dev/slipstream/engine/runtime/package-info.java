/** Batches, and the threads that compute them. */
@NullMarked
package dev.slipstream.engine.runtime;

import org.jspecify.annotations.NullMarked;
