/** Draft trees, the exact verification rule and the decision when a draft is worth it. */
@NullMarked
package dev.slipstream.engine.speculation;

import org.jspecify.annotations.NullMarked;
