/** Weight matrices and the activations they are multiplied with. */
@NullMarked
package dev.slipstream.engine.tensor;

import org.jspecify.annotations.NullMarked;
