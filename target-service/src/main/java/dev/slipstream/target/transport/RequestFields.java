package dev.slipstream.target.transport;

import static dev.slipstream.target.transport.InvalidRequestException.invalid;
import static dev.slipstream.target.transport.InvalidRequestException.precondition;

import dev.slipstream.target.application.ServedModel;
import dev.slipstream.target.application.TaskOwner;

/** Checks of fields that several requests have; each throws what names the field. */
final class RequestFields {
  private static final int MAX_NAME_LENGTH = 256;

  private RequestFields() {}

  static void checkTokenizer(String digest, ServedModel model) {
    if (!digest.isEmpty() && !digest.equals(model.tokens().digest())) {
      throw precondition(
          "the prompt was made with tokenizer %s, but the target's model has tokenizer %s",
          digest, model.tokens().digest());
    }
  }

  static void checkRange(String field, int value, int least, int most) {
    if (value < least || value > most) {
      throw most == Integer.MAX_VALUE
          ? invalid("%s is %d, but must be at least %d", field, value, least)
          : invalid("%s is %d, but must be from %d to %d", field, value, least, most);
    }
  }

  static TaskOwner caller(String requestId, String tenant) {
    checkName("request_id", requestId);
    checkName("tenant", tenant);
    return new TaskOwner(requestId, tenant);
  }

  static void checkName(String field, String value) {
    if (value.length() > MAX_NAME_LENGTH) {
      throw invalid("%s has %d characters; %d is the most", field, value.length(), MAX_NAME_LENGTH);
    }
  }

  /** Only told back, so it need not be refused. */
  static String shortened(String reason) {
    return reason.length() <= MAX_NAME_LENGTH ? reason : reason.substring(0, MAX_NAME_LENGTH);
  }
}
