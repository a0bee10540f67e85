/**
 * The front door. {@code http} and {@code rpc} (transport) call {@code application}, which
 * coordinates one target stream and one draft stream for each answer; {@code upstream} holds the
 * clients of these services, {@code text} makes text of tokens.
 */
package dev.slipstream.gateway;
