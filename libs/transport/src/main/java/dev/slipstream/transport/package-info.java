/**
 * What every service's gRPC server and clients have in common, as one auto-configuration: threads,
 * answers to malformed messages, limits on slow peers, and certificates that are reloaded.
 */
@NullMarked
package dev.slipstream.transport;

import org.jspecify.annotations.NullMarked;
