/**
 * API keys: who may use the gateway, as which tenant, and how much. Knows neither HTTP nor gRPC.
 */
@NullMarked
package dev.slipstream.gateway.access;

import org.jspecify.annotations.NullMarked;
