package dev.slipstream.text.template;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Sets up Jinjava to behave as Hugging Face's chat templates expect of Jinja. */
final class TemplateEngine {

  private static final long MAX_OUTPUT = 16L << 20;
  private static final int MAX_COLLECTION = 1 << 17;
  private static final int MAX_RANGE = 1 << 12;

  /** Name of the variable that holds the {@link #deadline}; taken away, it counts as passed. */
  static final String DEADLINE = "deadline__";

  private static final Duration TIME_LIMIT = Duration.ofSeconds(3);

  /**
   * Of the thread's own time, where that can be told: on a busy machine a good template must not
   * fail because others are served first.
   */
  private record Deadline(long nanos) {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    static long now() {
      boolean known =
          THREADS.isCurrentThreadCpuTimeSupported() && !Thread.currentThread().isVirtual();
      return known ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
    }
  }

  private TemplateEngine() {}

  static Jinjava create() {
    LegacyOverrides python =
        LegacyOverrides.newBuilder()
            .withEvaluateMapKeys(true)
            .withIterateOverMapKeys(true)
            .withUsePyishObjectMapper(true)
            .withUseNaturalOperatorPrecedence(true)
            .withParseWhitespaceControlStrictly(true)
            .withAllowAdjacentTextNodes(true)
            .withUseTrimmingForNotesAndExpressions(true)
            .withKeepNullableLoopValues(true)
            .build();
    JinjavaConfig config =
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withLstripBlocks(true)
            .withLegacyOverrides(python)
            .withNestedInterpretationEnabled(false)
            .withMaxOutputSize(MAX_OUTPUT)
            .withMaxStringLength(MAX_OUTPUT)
            .withMaxListSize(MAX_COLLECTION)
            .withMaxMapSize(MAX_COLLECTION)
            .withRangeLimit(MAX_RANGE)
            .withElResolver(new TemplateResolver())
            .withNodePreProcessor((node, interpreter) -> checkTime(interpreter))
            .build();
    Jinjava jinjava = new Jinjava(config);
    jinjava.getGlobalContext().registerFilter(new ToJson());
    jinjava.getGlobalContext().registerFilter(new WhereFilter());
    jinjava.getGlobalContext().registerTag(new GenerationTag());
    jinjava.getGlobalContext().registerTag(new LoopTag());
    jinjava.getGlobalContext().registerExpTest(new IsIterable());
    register(jinjava, "raise_exception", "raise");
    register(jinjava, "strftime_now", "now");
    return jinjava;
  }

  /** The last moment for a rendering that starts now, to be bound as {@link #DEADLINE}. */
  static Object deadline() {
    return new Deadline(Deadline.now() + TIME_LIMIT.toNanos());
  }

  private static void checkTime(JinjavaInterpreter interpreter) {
    Object bound = interpreter.getContext().get(DEADLINE);
    if (!(bound instanceof Deadline deadline) || Deadline.now() - deadline.nanos > 0) {
      throw new ChatTemplateException(
          "the chat template computes for longer than " + TIME_LIMIT.toSeconds() + " seconds");
    }
  }

  /** Binds a name too, because templates ask whether a function "is defined". */
  private static void register(Jinjava jinjava, String name, String method) {
    Context context = jinjava.getGlobalContext();
    context.registerFunction(
        new ELFunctionDefinition("", name, TemplateEngine.class, method, String.class));
    context.put(name, name);
  }

  /** What a template calls to refuse a conversation. */
  public static String raise(String message) {
    throw new ChatTemplateException(message);
  }

  /** The present local time by C's strftime format; the conversions that templates use. */
  public static String now(String format) {
    StringBuilder out = new StringBuilder();
    LocalDateTime now = LocalDateTime.now();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c == '%' && i + 1 < format.length()) {
        out.append(convert(now, format.charAt(++i)));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static String convert(LocalDateTime now, char conversion) {
    String pattern =
        switch (conversion) {
          case 'Y' -> "uuuu";
          case 'y' -> "uu";
          case 'm' -> "MM";
          case 'd' -> "dd";
          case 'B' -> "MMMM";
          case 'b' -> "MMM";
          case 'A' -> "EEEE";
          case 'a' -> "EEE";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'j' -> "DDD";
          case 'F' -> "uuuu-MM-dd";
          case 'T' -> "HH:mm:ss";
          case '%' -> "'%'";
          default -> throw new ChatTemplateException("strftime_now: unknown %" + conversion);
        };
    return now.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
  }
}
