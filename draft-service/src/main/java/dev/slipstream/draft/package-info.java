/**
 * Proposes continuations of the texts that targets decode: {@code transport} (gRPC) calls {@code
 * application}, which follows each text and asks a {@link dev.slipstream.drafting.Drafter}.
 */
@NullMarked
package dev.slipstream.draft;

import org.jspecify.annotations.NullMarked;
