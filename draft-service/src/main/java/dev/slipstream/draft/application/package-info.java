/** Texts that are followed, and what is refused: the service without gRPC. */
@NullMarked
package dev.slipstream.draft.application;

import org.jspecify.annotations.NullMarked;
