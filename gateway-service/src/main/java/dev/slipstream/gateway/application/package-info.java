/**
 * From a request to an answer: checks, prompts, the streams to target and draft, and what happens
 * when one of them is lost. Knows neither HTTP nor Spring.
 */
@NullMarked
package dev.slipstream.gateway.application;

import org.jspecify.annotations.NullMarked;
