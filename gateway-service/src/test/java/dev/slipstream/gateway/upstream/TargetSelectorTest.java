package dev.slipstream.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever breaks this leaves targets idle, or computes the past of every chat anew each turn. */
class TargetSelectorTest {
  private final TargetSelector selector = new TargetSelector();
  private final Load a = new Load("a");
  private final Load b = new Load("b");
  private final List<Load> both = List.of(a, b);

  private static final class Load implements TargetSelector.Candidate {
    private final String name;
    private int inFlight;

    Load(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int inFlight() {
      return inFlight;
    }
  }

  /** Tokens that no other salt gives, after as many that all prompts have. */
  private static int[] prompt(int common, int own, int salt) {
    return IntStream.range(0, common + own).map(i -> i < common ? i : salt * 1000 + i).toArray();
  }

  private static int[] longer(int[] prompt, int more) {
    return IntStream.concat(IntStream.of(prompt), IntStream.range(0, more).map(i -> 7 * i + 3))
        .toArray();
  }

  @ParameterizedTest(name = "{0} tokens in common")
  @ValueSource(ints = {0, 5, 16, 24, 31, 500})
  void shortChatsSpreadEvenlyWhateverTheyBeginWith(int common) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int chat = 0; chat < 200; chat++) {
      counts.merge(selector.select(both, prompt(common, 12, chat)).name(), 1, Integer::sum);
    }
    assertThat(counts.get("a")).isBetween(95, 105);
  }

  @Test
  void aChatComesBackToTheTargetThatHasItsPast() {
    List<int[]> chats = new ArrayList<>();
    List<String> homes = new ArrayList<>();
    for (int chat = 0; chat < 40; chat++) {
      chats.add(prompt(24, 30, chat));
      homes.add(selector.select(both, chats.get(chat)).name());
    }
    assertThat(homes).contains("a", "b");
    for (int turn = 0; turn < 5; turn++) {
      for (int chat = 0; chat < 40; chat++) {
        int[] next = longer(chats.get(chat), 20 + turn);
        assertThat(selector.select(both, next).name()).isEqualTo(homes.get(chat));
        chats.set(chat, next);
      }
    }
  }

  @Test
  void aBusyTargetLosesItsChatsToOneWithLessToDo() {
    int[] chat = prompt(0, 100, 1);
    Load home = selector.select(both, chat);
    home.inFlight = TargetSelector.SLACK;
    assertThat(selector.select(both, longer(chat, 20))).isSameAs(home);
    home.inFlight = TargetSelector.SLACK + 1;
    Load other = selector.select(both, longer(chat, 40));
    assertThat(other).isNotSameAs(home);
    home.inFlight = 0;
    assertThat(selector.select(both, longer(chat, 60))).as("it lives there now").isSameAs(other);
  }

  @Test
  void aChatWhoseTargetIsGoneGoesToAnother() {
    int[] chat = prompt(0, 100, 1);
    Load home = selector.select(both, chat);
    Load other = home == a ? b : a;
    assertThat(selector.select(List.of(other), longer(chat, 20))).isSameAs(other);
  }

  @Test
  void theTargetWithTheFewestStreamsGetsAnUnknownPrompt() {
    a.inFlight = 3;
    b.inFlight = 2;
    assertThat(selector.select(both, prompt(0, 40, 1))).isSameAs(b);
  }

  @Test
  void equalsTakeTurns() {
    Load c = new Load("c");
    List<Load> all = List.of(a, b, c);
    List<String> chosen = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      chosen.add(selector.select(all, new int[] {i}).name());
    }
    assertThat(chosen).containsExactly("a", "b", "c", "a", "b", "c");
  }

  @Test
  void anEmptyTextIsNoPrefixOfOthers() {
    assertThat(selector.select(both, new int[0])).isNotSameAs(selector.select(both, new int[0]));
  }
}
