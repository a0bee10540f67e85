/** The service's gRPC sides: towards the gateway, and towards kv-service. */
package dev.slipstream.target.transport;
