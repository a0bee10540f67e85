/**
 * The front door. {@code http} and {@code rpc} (transport) call {@code application}, which
 * coordinates one target stream and one draft stream for each answer; {@code upstream} holds the
 * clients of these services, {@code text} makes text of tokens.
 */
@NullMarked
package dev.slipstream.gateway;

import org.jspecify.annotations.NullMarked;
