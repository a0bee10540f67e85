/**
 * The targets and draft services behind the gateway: which there are, how they are, and the streams
 * to them.
 */
@NullMarked
package dev.slipstream.gateway.upstream;

import org.jspecify.annotations.NullMarked;
