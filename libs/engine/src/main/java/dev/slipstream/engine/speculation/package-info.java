/** Draft trees, the exact verification rule and the decision when a draft is worth it. */
package dev.slipstream.engine.speculation;
