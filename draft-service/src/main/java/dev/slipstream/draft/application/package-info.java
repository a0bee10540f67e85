/** Texts that are followed, and what is refused: the service without gRPC. */
package dev.slipstream.draft.application;
