/**
 * The use case: decoding many sequences with one model. One thread owns the batch, the KV pool and
 * every sequence; all others only hand it commands. Knows neither Spring nor gRPC.
 */
@NullMarked
package dev.slipstream.target.application;

import org.jspecify.annotations.NullMarked;
