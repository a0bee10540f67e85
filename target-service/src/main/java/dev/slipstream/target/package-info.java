/**
 * The model of record as a service: {@code transport} (gRPC) calls {@code application} (the decode
 * loop); here both are wired, and the model is loaded.
 */
@NullMarked
package dev.slipstream.target;

import org.jspecify.annotations.NullMarked;
