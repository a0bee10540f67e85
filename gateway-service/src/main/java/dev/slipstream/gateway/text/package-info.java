/** The text of an answer: tokens become characters, stop strings end it. */
@NullMarked
package dev.slipstream.gateway.text;

import org.jspecify.annotations.NullMarked;
