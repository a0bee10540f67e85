package dev.slipstream.gateway.http;

/** The client's connection ended before its request did; there is nobody to answer. */
final class ClientLeft extends RuntimeException {
  ClientLeft(Throwable cause) {
    super(cause.getMessage(), cause, false, false);
  }
}
