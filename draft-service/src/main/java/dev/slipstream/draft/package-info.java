/**
 * Proposes continuations of the texts that targets decode: {@code transport} (gRPC) calls {@code
 * application}, which follows each text and asks a {@code drafter.Drafter}; every drafter has a
 * package of its own ({@code promptlookup}).
 */
package dev.slipstream.draft;
