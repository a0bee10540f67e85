/** The inner loops of the model: each has a scalar and a vectorised form that agree bit for bit. */
package dev.slipstream.engine.kernel;
