/** The text of an answer: tokens become characters, stop strings end it. */
package dev.slipstream.gateway.text;
