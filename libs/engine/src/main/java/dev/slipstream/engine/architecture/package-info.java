/**
 * Model architectures as data: what a forward pass computes, read from a model file's metadata. The
 * pass knows blocks and their parts; only the classes here know the names of architectures and
 * their metadata keys, one class for each family. A new architecture that is made of the same parts
 * is one more class here.
 */
@NullMarked
package dev.slipstream.engine.architecture;

import org.jspecify.annotations.NullMarked;
