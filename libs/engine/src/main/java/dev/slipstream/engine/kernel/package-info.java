/**
 * The inner loops of the model: each has a scalar and a vectorised form that agree bit for bit.
 *
 * <p>C2 stops inlining a method's calls once it has made so many nodes, and a vector whose method
 * is not inlined becomes an object. A kernel of many vector calls therefore has to be compiled by
 * itself, not as a part of its caller, with which it would share that limit: it is written as a
 * single method of more than 325 bytecodes, which C2 never inlines.
 */
@NullMarked
package dev.slipstream.engine.kernel;

import org.jspecify.annotations.NullMarked;
