/** What every technique says of itself, in whatever module it lives. */
package dev.slipstream.technique;
