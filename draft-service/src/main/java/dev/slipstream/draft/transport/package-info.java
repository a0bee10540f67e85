/** The service's gRPC side: a stream for each text. */
@NullMarked
package dev.slipstream.draft.transport;

import org.jspecify.annotations.NullMarked;
