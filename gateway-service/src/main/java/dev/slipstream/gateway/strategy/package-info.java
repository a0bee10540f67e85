/** The strategies that every gateway has: one plain answer, and several that share their prompt. */
@NullMarked
package dev.slipstream.gateway.strategy;

import org.jspecify.annotations.NullMarked;
