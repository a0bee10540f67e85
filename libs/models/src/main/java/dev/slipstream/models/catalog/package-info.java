/**
 * Where model files come from: references, the catalogue of names, the sources that a file can be
 * fetched from, and the cache directory that keeps them.
 */
@NullMarked
package dev.slipstream.models.catalog;

import org.jspecify.annotations.NullMarked;
