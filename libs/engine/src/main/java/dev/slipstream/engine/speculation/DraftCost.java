package dev.slipstream.engine.speculation;

/**
 * What drafts cost the passes that verify them, besides their rows. Drafts are made beside the
 * passes; where that happens on the passes' own cores, it takes time away from them.
 *
 * @param passSeconds time that passes lose to drafting, for each pass; at least 0
 */
public record DraftCost(double passSeconds) {
  /** Of drafts that are made elsewhere. */
  public static final DraftCost NONE = new DraftCost(0);

  public DraftCost {
    if (!(passSeconds >= 0 && passSeconds < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("drafting takes " + passSeconds + " s of a pass");
    }
  }
}
