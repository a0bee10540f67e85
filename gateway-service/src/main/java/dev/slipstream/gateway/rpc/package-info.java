/** The public gRPC API. */
@NullMarked
package dev.slipstream.gateway.rpc;

import org.jspecify.annotations.NullMarked;
