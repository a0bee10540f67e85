package dev.slipstream.engine.sampling;

/**
 * Counter-based uniform numbers: each is a pure function of (seed, position, draw), so a seeded
 * answer does not depend on how its steps were batched or speculated. The mixing function is the
 * finaliser of SplitMix64 (Steele, Lea, Flood 2014).
 */
final class CounterRandom {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private CounterRandom() {}

  /** A number in [0, 1) with 53 random bits. */
  static double uniform(long seed, int position, int draw) {
    long counter = ((long) position << 32) | draw;
    long bits = mix(mix(seed + GOLDEN_GAMMA) ^ mix(GOLDEN_GAMMA * ~counter));
    return (bits >>> 11) * 0x1p-53;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
