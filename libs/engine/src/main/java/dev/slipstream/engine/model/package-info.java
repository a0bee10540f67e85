/** A model as blocks of attention and feed-forward, and the forward pass over a batch. */
@NullMarked
package dev.slipstream.engine.model;

import org.jspecify.annotations.NullMarked;
