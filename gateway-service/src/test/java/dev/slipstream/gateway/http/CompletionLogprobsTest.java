package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.TokenLogprob;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.UniqueElements;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** Whoever adds up the alternatives of a token must find all of them. */
class CompletionLogprobsTest {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private static final JsonMapper MAPPER =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private record Piece(String name, int type) {}

  /** Token ids are places in this list. */
  private static final List<Piece> PIECES =
      List.of(
          new Piece("<unk>", UNKNOWN),
          new Piece("<s>", CONTROL),
          new Piece("</s>", CONTROL),
          new Piece("<0x41>", BYTE),
          new Piece("A", NORMAL),
          new Piece("<0x80>", BYTE),
          new Piece("<0xE2>", BYTE),
          new Piece("bytes:\\x80", USER_DEFINED),
          new Piece("[PAD8]", UNUSED),
          new Piece("[PAD9]", UNUSED),
          new Piece("\u2581", NORMAL),
          new Piece(" ", USER_DEFINED),
          new Piece("token_id:3", USER_DEFINED),
          new Piece("token_id:4", USER_DEFINED),
          new Piece("token_id:12", NORMAL),
          new Piece("\u2581<s>", NORMAL),
          new Piece(" <s>", USER_DEFINED),
          new Piece("\ufffd", NORMAL));

  private static final Tokenizer TOKENIZER = tokenizer();

  private static Tokenizer tokenizer() {
    return Tokenizer.of(
        new GgufWriter()
            .string("tokenizer.ggml.model", "llama")
            .strings(
                "tokenizer.ggml.tokens", PIECES.stream().map(Piece::name).toArray(String[]::new))
            .integers("tokenizer.ggml.token_type", PIECES.stream().mapToInt(Piece::type).toArray())
            .integer("tokenizer.ggml.unknown_token_id", 0)
            .integer("tokenizer.ggml.bos_token_id", 1)
            .integer("tokenizer.ggml.eos_token_id", 2)
            .parse()
            .metadata());
  }

  private static CommittedToken token(int chosen, List<Integer> alternatives) {
    CommittedToken.Builder token =
        CommittedToken.newBuilder().setId(chosen).setLogprob(logprob(chosen));
    alternatives.forEach(
        id -> token.addTopLogprobs(TokenLogprob.newBuilder().setToken(id).setLogprob(logprob(id))));
    return token.build();
  }

  private static float logprob(int id) {
    return -1 - id;
  }

  private static JsonNode shown(AnswerFormat format, int chosen, List<Integer> alternatives) {
    return MAPPER.valueToTree(format.logprobs(TOKENIZER, List.of(token(chosen, alternatives)), 0));
  }

  private static JsonNode top(int chosen, List<Integer> alternatives) {
    return shown(new CompletionAnswerFormat(), chosen, alternatives).at("/top_logprobs/0");
  }

  private static List<Integer> all() {
    return IntStream.range(0, PIECES.size()).boxed().toList();
  }

  @Test
  void specialTokensAppearAsTheirPiece() {
    JsonNode top = top(4, all());
    for (String piece : List.of("<unk>", "<s>", "</s>", "[PAD8]", "[PAD9]")) {
      assertThat(top.has(piece)).as(piece).isTrue();
    }
    assertThat(top.has("")).isFalse();
    assertThat(top(1, List.of()).propertyNames()).containsExactly("<s>");
  }

  @Test
  void theChosenTokenIsFoundUnderItsText() {
    for (int chosen : all()) {
      JsonNode shown = shown(new CompletionAnswerFormat(), chosen, all());
      String text = shown.at("/tokens/0").stringValue();
      assertThat(shown.at("/top_logprobs/0").get(text).floatValue()).isEqualTo(logprob(chosen));
    }
  }

  @Property
  void noneIsLostWhateverTheyAreCalled(
      @ForAll @IntRange(max = 17) int chosen,
      @ForAll @Size(max = 20) @UniqueElements List<@IntRange(max = 17) Integer> alternatives) {
    List<Float> expected = new ArrayList<>(alternatives.stream().map(id -> logprob(id)).toList());
    if (!alternatives.contains(chosen)) {
      expected.add(logprob(chosen));
    }
    List<Float> found = new ArrayList<>();
    top(chosen, alternatives).forEach(value -> found.add(value.floatValue()));
    assertThat(found).containsExactlyElementsOf(expected);
  }

  /** In chats they are a list, where only names can be lost; bytes tell the rest apart. */
  @Test
  void chatsNameTokensWithoutTextToo() {
    JsonNode top = shown(new ChatAnswerFormat(), 4, all()).at("/content/0/top_logprobs");
    assertThat(top).hasSize(PIECES.size());
    for (int id : List.of(0, 1, 2, 8, 9)) {
      assertThat(top.get(id).get("token").stringValue()).isEqualTo(PIECES.get(id).name());
      assertThat(top.get(id).get("bytes").isNull()).isTrue();
    }
    assertThat(top.get(3).get("token").stringValue()).isEqualTo("A");
    assertThat(top.get(3).get("bytes")).isEqualTo(MAPPER.readTree("[65]"));
    assertThat(top.get(5).get("token").stringValue()).isEqualTo("\ufffd");
    assertThat(top.get(5).get("bytes")).isEqualTo(MAPPER.readTree("[128]"));
    assertThat(top.get(6).get("bytes")).isEqualTo(MAPPER.readTree("[226]"));
    assertThat(top.get(17).get("bytes")).isEqualTo(MAPPER.readTree("[239, 191, 189]"));
  }
}
