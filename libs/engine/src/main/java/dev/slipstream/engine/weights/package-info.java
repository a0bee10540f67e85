/** Where a model's weights are while passes do not need them. */
package dev.slipstream.engine.weights;
