/** The strategies that every gateway has: one plain answer, and several that share their prompt. */
package dev.slipstream.gateway.strategy;
