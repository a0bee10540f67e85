/** Memory from the operating system. */
package dev.slipstream.engine.memory;
