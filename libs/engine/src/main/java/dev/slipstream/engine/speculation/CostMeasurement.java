package dev.slipstream.engine.speculation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What was measured of T(k, c), with what it takes to judge it: when it is taken, and again when it
 * is read from where it was kept.
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
 * Behind a long text one and four rows were reproduced too; there they are not clearly faster than
 * without the text, and four rows look at it for no more than one row four times does, as they
 * share what they read.
 *
 * @param points behind no text, by rising number of rows
 * @param context tokens of the long text; 0 if none was measured, as with a model that takes none
 * @param longPoints behind it, by rising number of rows
 */
public record CostMeasurement(List<Point> points, int context, List<Point> longPoints) {
  private static final String HEADER = "slipstream verification cost 4";
  private static final String LONG_HEADER = "behind ";

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

  /**
   * @throws IllegalArgumentException if this is no measurement
   */
  public CostMeasurement {
    points = List.copyOf(points);
    longPoints = List.copyOf(longPoints);
    requireRising(points);
    requireRising(longPoints);
    if (context < 0 || (context == 0 && !longPoints.isEmpty())) {
      throw new IllegalArgumentException("a text of " + context + " tokens before " + longPoints);
    }
  }

  /** One without a long text. */
  public CostMeasurement(List<Point> points) {
    this(points, 0, List.of());
  }

  private static void requireRising(List<Point> points) {
    for (int i = 1; i < points.size(); i++) {
      if (points.get(i).rows() <= points.get(i - 1).rows()) {
        throw new IllegalArgumentException("row counts do not rise: " + points);
      }
    }
  }

  /**
   * Takes the row counts whose best time was reproduced.
   *
   * @param secondsByRows times of all passes behind no text, in any order, by number of rows
   * @param context tokens of a long text; 0 for none
   * @param longSecondsByRows the same behind it
   */
  public static CostMeasurement of(
      Map<Integer, List<Double>> secondsByRows,
      int context,
      Map<Integer, List<Double>> longSecondsByRows) {
    return new CostMeasurement(reproduced(secondsByRows), context, reproduced(longSecondsByRows));
  }

  private static List<Point> reproduced(Map<Integer, List<Double>> secondsByRows) {
    List<Point> points = new ArrayList<>();
    new TreeMap<>(secondsByRows)
        .forEach(
            (rows, seconds) -> {
              List<Double> sorted = seconds.stream().sorted().toList();
              if (sorted.size() >= SAMPLES) {
                points.add(new Point(rows, sorted.getFirst(), sorted.get(SAMPLES - 1)));
              }
            });
    return points.stream().filter(Point::isReproduced).toList();
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
    return context == 0 ? Optional.empty() : longObjection();
  }

  private Optional<String> longObjection() {
    List<Integer> rows = longPoints.stream().map(Point::rows).toList();
    if (!rows.equals(List.of(1, FEW_ROWS)) || !longPoints.stream().allMatch(Point::isReproduced)) {
      return Optional.of(
          "1 and %d rows behind %d tokens were not reproduced".formatted(FEW_ROWS, context));
    }
    Point one = longPoints.getFirst();
    Point few = longPoints.getLast();
    for (Point point : longPoints) {
      if (point.best() < NOISE * without(point)) {
        return Optional.of(
            "%s is faster behind %d tokens than behind none".formatted(point, context));
      }
    }
    double shared = SLACK * FEW_ROWS * Math.max(0, one.best() - without(one));
    if (few.best() - without(few) > shared + (1 - NOISE) * without(few)) {
      return Optional.of("%s is dearer than the text's tokens for each row".formatted(few));
    }
    return Optional.empty();
  }

  /** The same rows behind no text. */
  private double without(Point point) {
    return times().seconds(point.rows());
  }

  private PassCost times() {
    return PassCost.of(bestByRows());
  }

  private Map<Integer, Double> bestByRows() {
    return points.stream().collect(Collectors.toMap(Point::rows, Point::best));
  }

  /**
   * @throws IllegalArgumentException if there is no time of one row
   */
  public PassCost cost() {
    return PassCost.of(bestByRows(), kvTokenSeconds());
  }

  /** The price of a token that fits what is measured best, by least squares. */
  private double kvTokenSeconds() {
    double product = 0;
    double square = 0;
    for (Point point : longPoints) {
      double tokens = (double) point.rows() * context;
      product += tokens * (point.best() - without(point));
      square += tokens * tokens;
    }
    return square == 0 ? 0 : Math.max(0, product / square);
  }

  /** A few lines that {@link #parse} reads. */
  public String toText() {
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    append(points, text);
    text.append(LONG_HEADER).append(context).append('\n');
    append(longPoints, text);
    return text.toString();
  }

  private static void append(List<Point> points, StringBuilder text) {
    for (Point point : points) {
      text.append(point.rows()).append(' ').append(point.best()).append(' ');
      text.append(point.third()).append('\n');
    }
  }

  /**
   * @throws IllegalArgumentException if this is not what {@link #toText} writes
   */
  public static CostMeasurement parse(String text) {
    List<String> lines = text.lines().toList();
    int behind = lines.stream().map(line -> line.startsWith(LONG_HEADER)).toList().indexOf(true);
    if (behind < 1 || !lines.getFirst().equals(HEADER) || !text.endsWith("\n")) {
      throw new IllegalArgumentException("the text is not whole, or not '" + HEADER + "'");
    }
    return new CostMeasurement(
        points(lines.subList(1, behind)),
        Integer.parseInt(lines.get(behind).substring(LONG_HEADER.length())),
        points(lines.subList(behind + 1, lines.size())));
  }

  private static List<Point> points(List<String> lines) {
    List<Point> points = new ArrayList<>();
    for (String line : lines) {
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
    return points;
  }
}
