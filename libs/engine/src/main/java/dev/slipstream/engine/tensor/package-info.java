/** Weight matrices and the activations they are multiplied with. */
package dev.slipstream.engine.tensor;
