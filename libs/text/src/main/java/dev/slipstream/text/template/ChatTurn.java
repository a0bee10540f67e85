package dev.slipstream.text.template;

import java.util.Objects;

/**
 * One message of a conversation.
 *
 * @param role usually system, user, assistant or tool; the template decides
 */
public record ChatTurn(String role, String content) {
  public ChatTurn {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(content, "content");
  }
}
