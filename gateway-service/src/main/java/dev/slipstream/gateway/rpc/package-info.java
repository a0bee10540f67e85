/** The public gRPC API. */
package dev.slipstream.gateway.rpc;
