/** The service's gRPC side: keys and blocks as messages, in turns that bound the memory. */
package dev.slipstream.kv.transport;
