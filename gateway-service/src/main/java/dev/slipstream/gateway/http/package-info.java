/**
 * The OpenAI-compatible API: bodies in, bodies and events out, and what keeps hostile clients at
 * bay.
 */
@NullMarked
package dev.slipstream.gateway.http;

import org.jspecify.annotations.NullMarked;
