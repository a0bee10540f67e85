/** The service's gRPC side: keys and blocks as messages, in turns that bound the memory. */
@NullMarked
package dev.slipstream.kv.transport;

import org.jspecify.annotations.NullMarked;
