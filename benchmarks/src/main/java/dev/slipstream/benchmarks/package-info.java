/**
 * Times of single operations. Where an operation stands in a published table for another
 * implementation, {@code seedPath} does the same work as the call that was timed there, and {@code
 * realPath} what this engine does instead.
 */
package dev.slipstream.benchmarks;
