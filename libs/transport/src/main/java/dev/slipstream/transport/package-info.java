/**
 * What every service's gRPC server and clients have in common, as one auto-configuration: threads,
 * answers to malformed messages, limits on slow peers, and certificates that are reloaded.
 */
package dev.slipstream.transport;
