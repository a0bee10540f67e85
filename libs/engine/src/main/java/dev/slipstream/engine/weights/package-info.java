/** Where a model's weights are while passes do not need them. */
@NullMarked
package dev.slipstream.engine.weights;

import org.jspecify.annotations.NullMarked;
