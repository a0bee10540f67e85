/**
 * What techniques may decide, watch and see in the decode loop, which knows none of them by name.
 * Everything here is called by the loop's thread, which every sequence waits for: implementations
 * neither wait nor throw. Rules about which token may follow are {@link
 * dev.slipstream.engine.sampling.TokenRule}, as they are a part of p.
 */
@NullMarked
package dev.slipstream.target.spi;

import org.jspecify.annotations.NullMarked;
