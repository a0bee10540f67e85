/**
 * The targets and draft services behind the gateway: which there are, how they are, and the streams
 * to them.
 */
package dev.slipstream.gateway.upstream;
