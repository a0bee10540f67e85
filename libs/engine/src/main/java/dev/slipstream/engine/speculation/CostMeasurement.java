package dev.slipstream.engine.speculation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What was measured of T(k), with what it takes to judge it: when it is taken, and again when it is
 * read from where it was kept.
 *
 * <p>A neighbour on the machine only makes passes slower. So the best time of several is the one to
 * believe, if it is no accident: the third best must be near it. Of the best times a model's own
 * shape asks four things, which times of a busy minute rarely satisfy together:
 *
 * <ul>
 *   <li>one and two rows were both reproduced, and the table reaches at least four rows: else there
 *       is no slope to go on with;
 *   <li>more rows are not clearly faster;
 *   <li>k rows take no longer than k passes over one row would;
 *   <li>rows are not free: 16 of them show, and a second one beside a pass of over a second does.
 * </ul>
 *
 * @param points by rising number of rows
 */
public record CostMeasurement(List<Point> points) {
  private static final String HEADER = "slipstream verification cost 3";

  /** Samples that make a best time more than an accident. */
  private static final int SAMPLES = 3;

  private static final double SPREAD = 1.25;
  private static final double NOISE = 0.9;
  private static final double SLACK = 1.25;
  private static final int FEW_ROWS = 4;
  private static final int MANY_ROWS = 16;
  private static final double MANY_ROWS_PRICE = 1.05;
  private static final double SLOW_SECONDS = 1;
  private static final double SECOND_ROW_PRICE = 1.02;

  /**
   * The times of one row count.
   *
   * @param rows at least 1
   * @param best seconds of the fastest pass
   * @param third seconds of the third fastest
   */
  public record Point(int rows, double best, double third) {
    /**
     * @throws IllegalArgumentException if no passes have such times
     */
    public Point {
      if (rows < 1 || !(best > 0 && best <= third && third < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "%d rows in %s s, at third best in %s s".formatted(rows, best, third));
      }
    }

    private boolean isReproduced() {
      return third <= SPREAD * best;
    }
  }

  public CostMeasurement {
    points = List.copyOf(points);
    for (int i = 1; i < points.size(); i++) {
      if (points.get(i).rows() <= points.get(i - 1).rows()) {
        throw new IllegalArgumentException("row counts do not rise: " + points);
      }
    }
  }

  /**
   * Takes the row counts whose best time was reproduced.
   *
   * @param secondsByRows times of all passes, in any order, by number of rows
   */
  public static CostMeasurement of(Map<Integer, List<Double>> secondsByRows) {
    List<Point> points = new ArrayList<>();
    new TreeMap<>(secondsByRows)
        .forEach(
            (rows, seconds) -> {
              List<Double> sorted = seconds.stream().sorted().toList();
              if (sorted.size() >= SAMPLES) {
                points.add(new Point(rows, sorted.getFirst(), sorted.get(SAMPLES - 1)));
              }
            });
    return new CostMeasurement(points.stream().filter(Point::isReproduced).toList());
  }

  /** Why this cannot be a model's T(k), or nothing. */
  public Optional<String> objection() {
    if (points.isEmpty() || points.getFirst().rows() != 1) {
      return Optional.of("the time of one row was not reproduced");
    }
    for (Point point : points) {
      if (!point.isReproduced()) {
        return Optional.of(point + " was not reproduced");
      }
    }
    Point last = points.getLast();
    if (points.size() == 1 || points.get(1).rows() != 2 || last.rows() < FEW_ROWS) {
      return Optional.of("two to %d rows were not reproduced".formatted(FEW_ROWS));
    }
    double one = points.getFirst().best();
    for (int i = 1; i < points.size(); i++) {
      Point before = points.get(i - 1);
      Point point = points.get(i);
      if (point.best() < NOISE * before.best()) {
        return Optional.of("%s is faster than %s".formatted(point, before));
      }
      if (point.best() > SLACK * point.rows() * one) {
        return Optional.of("%s is dearer than passes over one row".formatted(point));
      }
    }
    boolean manyAreFree = last.rows() >= MANY_ROWS && last.best() < MANY_ROWS_PRICE * one;
    boolean secondIsFree = one > SLOW_SECONDS && points.get(1).best() < SECOND_ROW_PRICE * one;
    if (manyAreFree || secondIsFree) {
      return Optional.of("rows are free beside passes of %.3g s".formatted(one));
    }
    return Optional.empty();
  }

  /**
   * @throws IllegalArgumentException if there is no time of one row
   */
  public VerificationCost cost() {
    return VerificationCost.of(points.stream().collect(Collectors.toMap(Point::rows, Point::best)));
  }

  /** A few lines that {@link #parse} reads. */
  public String toText() {
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    for (Point point : points) {
      text.append(point.rows()).append(' ').append(point.best()).append(' ');
      text.append(point.third()).append('\n');
    }
    return text.toString();
  }

  /**
   * @throws IllegalArgumentException if this is not what {@link #toText} writes
   */
  public static CostMeasurement parse(String text) {
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !lines.getFirst().equals(HEADER) || !text.endsWith("\n")) {
      throw new IllegalArgumentException("the text is not whole, or not '" + HEADER + "'");
    }
    List<Point> points = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] words = line.split(" ");
      if (words.length != 3) {
        throw new IllegalArgumentException("not '<rows> <best> <third>': '" + line + "'");
      }
      points.add(
          new Point(
              Integer.parseInt(words[0]),
              Double.parseDouble(words[1]),
              Double.parseDouble(words[2])));
    }
    return new CostMeasurement(points);
  }
}
