/**
 * API keys: who may use the gateway, as which tenant, and how much. Knows neither HTTP nor gRPC.
 */
package dev.slipstream.gateway.access;
