/** The service's gRPC sides: towards the gateway, and towards kv-service. */
@NullMarked
package dev.slipstream.target.transport;

import org.jspecify.annotations.NullMarked;
