/** What the service does with blocks, wherever they are kept. */
@NullMarked
package dev.slipstream.kv.application;

import org.jspecify.annotations.NullMarked;
