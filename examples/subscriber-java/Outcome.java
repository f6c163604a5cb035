import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * What this program books of an event: what routing needs, the bank's reference, and no personal
 * data, so that it may be logged as it is.
 *
 * @param event the event's {@code ce_id}
 * @param unread whether the value has a schema that is not known here
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record Outcome(
    @JsonProperty("command_id") String commandId,
    int revision,
    String event,
    String command,
    String status,
    String code,
    String then,
    String reference,
    boolean unread) {

  /** Reads what the headers say; empty for what is no outcome. */
  static Optional<Outcome> fromHeaders(ConsumerRecord<?, ?> record, String prefix) {
    Map<String, String> headers = new HashMap<>();
    headers.put("ce_revision", "1"); // releases that knew no other do not say it
    record.headers().forEach(h -> headers.put(h.key(), new String(h.value(), StandardCharsets.UTF_8)));
    String id = headers.get("ce_subject"), event = headers.get("ce_id"), status = headers.get("ce_status");
    String code = Objects.toString(headers.get("ce_code"), "");
    if (id == null || event == null || status == null || !headers.get("ce_revision").matches("[1-9][0-9]{0,8}")) {
      return Optional.empty();
    }
    int revision = Integer.parseInt(headers.get("ce_revision"));
    String command = record.topic().substring(prefix.length()).replaceFirst("\\.result$", "");
    return Optional.of(new Outcome(id, revision, event, command, status, code, next(status, code), null, false));
  }

  /**
   * Says what follows from an outcome. Status decides, and code where it makes a difference here.
   * What this program is too old to know is no success, and no failure.
   */
  private static String next(String status, String code) {
    return switch (status) {
      case "SUCCEEDED" -> "book";
      case "REJECTED" -> code.equals("dbs.dealer.limit_exceeded") ? "raise-limit" : "correct";
      // PARTIAL, PENDING, FAILED, IN_DOUBT: a person looks at it, and a higher revision may follow.
      default -> "wait";
    };
  }

  /** Adds what the value says. */
  Outcome with(GenericRecord event) {
    String said = Objects.toString(event.get("bankReference"), null);
    return new Outcome(commandId, revision, this.event, command, status, code, then, said, false);
  }

  Outcome asUnread() {
    return new Outcome(commandId, revision, event, command, status, code, then, null, true);
  }
}
