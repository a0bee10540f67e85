/** Batches, and the threads that compute them. */
package dev.slipstream.engine.runtime;
