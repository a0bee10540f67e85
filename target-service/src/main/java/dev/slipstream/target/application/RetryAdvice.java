package dev.slipstream.target.application;

import java.time.Duration;

/**
 * When a refused client should come back: the mean time of recent answers, times the rounds that
 * those who wait already will take.
 */
final class RetryAdvice {
  private static final double WEIGHT_OF_NEWEST = 0.2;
  private static final long MIN_MILLIS = 100;
  private static final long MAX_MILLIS = 60_000;

  private final int maxRunning;
  private double meanMillis = 1000;

  RetryAdvice(int maxRunning) {
    this.maxRunning = maxRunning;
  }

  /**
   * @param millis that the sequence had its place
   */
  void finished(double millis) {
    meanMillis += WEIGHT_OF_NEWEST * (millis - meanMillis);
  }

  Duration after(int waiting) {
    long millis = Math.round(meanMillis * (waiting + 1) / maxRunning);
    return Duration.ofMillis(Math.clamp(millis, MIN_MILLIS, MAX_MILLIS));
  }
}
