/** A model as blocks of attention and feed-forward, and the forward pass over a batch. */
package dev.slipstream.engine.model;
