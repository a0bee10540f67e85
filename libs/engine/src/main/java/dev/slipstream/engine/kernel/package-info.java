/**
 * The inner loops of the model: each has a scalar and a vectorised form that agree bit for bit.
 *
 * <p>C2 inlines the methods of the Vector API whatever they cost, but those of others no more once
 * a method has made so many nodes, and a vector that is passed to a method that is not inlined
 * becomes an object, which is several times slower. So a kernel of many vector calls calls the
 * Vector API itself, and no method of ours that takes or returns a vector.
 *
 * <p>The classes that add up block sums are written by a template, one for each kind of weight (see
 * {@code KernelTemplate} in the tests). They are long, and alike but for how a weight is read: a
 * loop over the shapes, or a method for what is alike, would keep no sum in a register.
 */
@NullMarked
package dev.slipstream.engine.kernel;

import org.jspecify.annotations.NullMarked;
