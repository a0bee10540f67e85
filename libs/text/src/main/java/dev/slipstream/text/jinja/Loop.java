package dev.slipstream.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable "loop". */
final class Loop implements Value {

  /** What calling the loop does: the body for other items. */
  @FunctionalInterface
  interface Recursion {
    String render(Value items);
  }

  private static final Signature CALL = Signature.positional("loop", "iterable");

  private final Budget budget;
  private final int depth;
  private final @Nullable Recursion recursion;
  private Source source;
  private long length;
  private long index = -1;
  private @Nullable Value before;
  private @Nullable Value current;

  /** The next item, once something asked for it. */
  private @Nullable Value after;

  private boolean peeked;
  private @Nullable Value changed;

  /**
   * @param length of what is looped over, or -1 if only the end will tell
   * @param depth from 0
   * @param recursion null if the loop is not recursive
   */
  Loop(Budget budget, Source source, long length, int depth, @Nullable Recursion recursion) {
    this.budget = budget;
    this.source = source;
    this.length = length;
    this.depth = depth;
    this.recursion = recursion;
  }

  @Nullable Value advance() {
    Value next = peek();
    peeked = false;
    if (next != null) {
      index++;
      before = current;
      current = next;
    }
    return next;
  }

  private @Nullable Value peek() {
    if (!peeked) {
      after = source.next();
      peeked = true;
    }
    return after;
  }

  long length() {
    if (length < 0) {
      boolean waiting = peeked && after != null;
      List<Value> rest = Source.rest(budget, source);
      source = Source.of(budget, new ListValue(rest));
      length = rest.size() + index + 1 + (waiting ? 1 : 0);
    }
    return length;
  }

  /** An attribute, or null. */
  @Nullable Value attribute(String name) {
    return switch (name) {
      case "index" -> Int.of(index + 1);
      case "index0" -> Int.of(index);
      case "revindex" -> Int.of(length() - index);
      case "revindex0" -> Int.of(length() - index - 1);
      case "first" -> Bool.of(index == 0);
      case "last" -> Bool.of(peek() == null);
      case "length" -> Int.of(length());
      case "depth" -> Int.of(depth + 1L);
      case "depth0" -> Int.of(depth);
      case "previtem" -> index == 0 ? Undefined.hint("there is no previous item") : before;
      case "nextitem" -> peek() == null ? Undefined.hint("there is no next item") : after;
      case "cycle" -> new Value.Function("cycle", (rendering, arguments) -> cycle(arguments));
      case "changed" -> new Value.Function("changed", (rendering, a) -> changed(a));
      default -> null;
    };
  }

  private Value cycle(Arguments arguments) {
    List<Value> items = arguments.positional();
    if (items.isEmpty() || !arguments.named().isEmpty()) {
      throw JinjaException.failure("no items for cycling given");
    }
    return items.get((int) (index % items.size()));
  }

  private Value changed(Arguments arguments) {
    Value now = new Tuple(arguments.positional(), false);
    boolean same = changed != null && Comparing.equal(budget, changed, now);
    changed = same ? changed : now;
    return Bool.of(!same);
  }

  Value call(Rendering rendering, Arguments arguments) {
    if (recursion == null) {
      throw JinjaException.failure(
          "The loop must have the 'recursive' marker to be called recursively.");
    }
    return Str.of(recursion.render(CALL.bind(arguments)[0]));
  }
}
