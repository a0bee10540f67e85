package dev.slipstream.standalone.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * A chart of lines through measured points, as a standalone SVG. Both axes start at 0; x is whole
 * numbers.
 *
 * @param series at least one point in all
 */
record LineChart(String title, String xLabel, String yLabel, List<Series> series) {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 400;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 50;
  private static final int BOTTOM = 60;
  private static final int LEGEND = WIDTH - RIGHT - 170;
  private static final int TICKS = 6;
  private static final List<String> COLOURS =
      List.of("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b");

  /** A line and its name in the legend. */
  record Series(String name, List<Point> points) {}

  record Point(double x, double y) {}

  String svg() {
    StringBuilder out = new StringBuilder();
    line(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            + " font-size=\"12\">",
        WIDTH,
        HEIGHT);
    line(out, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, HEIGHT);
    label(out, WIDTH / 2.0, 24, "middle", title);
    label(out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 15, "middle", xLabel);
    line(
        out,
        "<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>",
        (TOP + HEIGHT - BOTTOM) / 2.0,
        escaped(yLabel));
    double xEnd = Math.ceil(axisEnd(Point::x));
    double yEnd = axisEnd(Point::y);
    axes(out, xEnd, yEnd);
    for (int i = 0; i < series.size(); i++) {
      draw(out, i, xEnd, yEnd);
    }
    return out.append("</svg>\n").toString();
  }

  private void axes(StringBuilder out, double xEnd, double yEnd) {
    double step = step(yEnd);
    for (double value = 0; value <= yEnd * 1.0001; value += step) {
      double y = y(value, yEnd);
      line(out, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>", LEFT, y, WIDTH - RIGHT);
      label(out, LEFT - 6, y + 4, "end", tick(value));
    }
    step = Math.max(1, step(xEnd));
    for (double value = 0; value <= xEnd * 1.0001; value += step) {
      label(out, x(value, xEnd), HEIGHT - BOTTOM + 18, "middle", tick(value));
    }
    line(
        out,
        "<path d=\"M%d %dV%dH%d\" stroke=\"black\" fill=\"none\"/>",
        LEFT,
        TOP,
        HEIGHT - BOTTOM,
        WIDTH - RIGHT);
  }

  private void draw(StringBuilder out, int index, double xEnd, double yEnd) {
    Series drawn = series.get(index);
    String colour = COLOURS.get(index % COLOURS.size());
    StringBuilder path = new StringBuilder();
    for (Point point : drawn.points()) {
      String at = format("%.1f %.1f", x(point.x(), xEnd), y(point.y(), yEnd));
      path.append(path.isEmpty() ? "M" : "L").append(at);
      line(
          out,
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>",
          x(point.x(), xEnd),
          y(point.y(), yEnd),
          colour);
    }
    line(out, "<path d=\"%s\" stroke=\"%s\" stroke-width=\"2\" fill=\"none\"/>", path, colour);
    // Where lines that rise leave room.
    int y = HEIGHT - BOTTOM - 12 - 18 * (series.size() - 1 - index);
    line(out, "<path d=\"M%d %dh20\" stroke=\"%s\" stroke-width=\"2\"/>", LEGEND, y, colour);
    label(out, LEGEND + 26, y + 4, "start", drawn.name());
  }

  private static double x(double value, double end) {
    return LEFT + value / end * (WIDTH - LEFT - RIGHT);
  }

  private static double y(double value, double end) {
    return HEIGHT - BOTTOM - value / end * (HEIGHT - TOP - BOTTOM);
  }

  /** Above the largest value, on a tick. */
  private double axisEnd(ToDoubleFunction<Point> coordinate) {
    double most =
        series.stream()
            .flatMap(s -> s.points().stream())
            .mapToDouble(coordinate)
            .max()
            .orElseThrow();
    double step = step(most > 0 ? most : 1);
    return Math.ceil(Math.max(most, step) / step) * step;
  }

  /** 1, 2 or 5 times a power of ten. */
  private static double step(double end) {
    double raw = end / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double first = raw / power;
    return power * (first <= 1 ? 1 : first <= 2 ? 2 : first <= 5 ? 5 : 10);
  }

  private static String tick(double value) {
    return value == Math.rint(value) ? format("%.0f", value) : format("%.3g", value);
  }

  private static void label(StringBuilder out, double x, double y, String anchor, String text) {
    line(
        out,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
        x,
        y,
        anchor,
        escaped(text));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private static void line(StringBuilder out, String pattern, Object... values) {
    out.append(format(pattern, values)).append('\n');
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
