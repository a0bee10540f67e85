/**
 * The OpenAI-compatible API: bodies in, bodies and events out, and what keeps hostile clients at
 * bay.
 */
package dev.slipstream.gateway.http;
