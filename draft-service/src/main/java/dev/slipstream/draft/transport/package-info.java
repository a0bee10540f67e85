/** The service's gRPC side: a stream for each text. */
package dev.slipstream.draft.transport;
