/**
 * What ways to make answers see of the gateway: the sequences that they may have, and nothing of
 * where these run. A technique implements {@link dev.slipstream.gateway.spi.AnswerStrategy} in a
 * package of its own, and one wiring class makes it a bean.
 */
@NullMarked
package dev.slipstream.gateway.spi;

import org.jspecify.annotations.NullMarked;
