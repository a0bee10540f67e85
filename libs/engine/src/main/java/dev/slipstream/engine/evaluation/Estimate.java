package dev.slipstream.engine.evaluation;

/**
 * A mean and its standard error.
 *
 * @param uncertainty 0 if there are too few values to tell
 */
public record Estimate(double value, double uncertainty) {}
