package dev.slipstream.text.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts every part of a text into smaller parts; one step of a pre-tokenizer. */
sealed interface SplitStage {

  /** Appends the ends of the parts that [from, to) is cut into; the last one is always to. */
  interface Cutter {
    void cut(int from, int to, IntList ends);
  }

  Cutter over(SplitText text);

  /** A pattern over class characters, or over the code points themselves if it names any. */
  record ByPattern(Pattern pattern, boolean classes) implements SplitStage {

    static ByPattern of(String regex) {
      boolean classes = regex.contains("\\p{");
      return new ByPattern(Pattern.compile(classes ? TextClasses.rewrite(regex) : regex), classes);
    }

    /** Matches become parts, and so does what lies between them. */
    @Override
    public Cutter over(SplitText text) {
      if (!classes && text.hasSupplementary()) {
        return wideCutter(text);
      }
      Matcher matcher = pattern.matcher(classes ? text.classes() : text.characters());
      return (from, to, ends) -> {
        int end = from;
        matcher.region(from, to);
        while (matcher.find()) {
          if (matcher.start() > end) {
            ends.add(matcher.start());
          }
          end = matcher.end();
          ends.add(end);
        }
        if (end < to) {
          ends.add(to);
        }
      };
    }

    /** Where code points and Java characters differ, positions are counted along with the parts. */
    private Cutter wideCutter(SplitText text) {
      String characters = text.characters();
      Matcher matcher = pattern.matcher(characters);
      int[] offsets = text.characterOffsets();
      return (from, to, ends) -> {
        int end = from;
        matcher.region(offsets[from], offsets[to]);
        while (matcher.find()) {
          int start = end + characters.codePointCount(offsets[end], matcher.start());
          if (start > end) {
            ends.add(start);
          }
          end = start + characters.codePointCount(matcher.start(), matcher.end());
          ends.add(end);
        }
        if (end < to) {
          ends.add(to);
        }
      };
    }
  }

  /** {@code \s+$}; as a pattern it would look at every space of a long run anew. */
  record TrailingSpace() implements SplitStage {
    @Override
    public Cutter over(SplitText text) {
      return (from, to, ends) -> {
        int start = to;
        while (start > from && TextClasses.isSpace(text.codePoint(start - 1))) {
          start--;
        }
        if (start > from) {
          ends.add(start);
        }
        if (start < to) {
          ends.add(to);
        }
      };
    }
  }

  /**
   * {@code (?=(\d{3})+(?!\d))}: cuts before every group of three ASCII digits, counted from the end
   * of a number.
   */
  record BeforeThousands() implements SplitStage {
    @Override
    public Cutter over(SplitText text) {
      return (from, to, ends) -> {
        for (int i = from; i < to; ) {
          int end = i;
          while (end < to && text.codePoint(end) >= '0' && text.codePoint(end) <= '9') {
            end++;
          }
          for (int cut = i + (end - i) % 3; cut < end; cut += 3) {
            if (cut > from) {
              ends.add(cut);
            }
          }
          i = Math.max(end, i + 1);
        }
        ends.add(to);
      };
    }
  }

  /**
   * Cuts numbers into groups of three digits from the end, the first group staying with the text
   * before it, as llama.cpp does.
   */
  record AfterThousands() implements SplitStage {
    @Override
    public Cutter over(SplitText text) {
      return (from, to, ends) -> {
        int last = from;
        for (int i = from; i < to; ) {
          int end = i;
          while (end < to && TextClasses.isNumber(text.codePoint(end))) {
            end++;
          }
          int first = (end - i) % 3;
          for (int cut = i + (first == 0 ? 3 : first); cut <= end; cut += 3) {
            ends.add(cut);
            last = cut;
          }
          i = Math.max(end, i + 1);
        }
        if (last < to) {
          ends.add(to);
        }
      };
    }
  }
}
