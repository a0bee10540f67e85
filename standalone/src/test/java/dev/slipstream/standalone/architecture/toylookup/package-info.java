/** A technique with nothing to show for itself. */
@Technique(name = "toy-lookup", lossless = Lossless.NONE, configuration = ToyLookupConfig.class)
package dev.slipstream.standalone.architecture.toylookup;

import dev.slipstream.technique.Lossless;
import dev.slipstream.technique.Technique;
