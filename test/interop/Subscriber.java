import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer group's member that prints what it reads, one JSON object per record, until its input
 * ends. Its one argument is
 *
 * <pre>
 * {"config": {...}, "topics": [...], "schemas": {TOPIC: FILE}, "registry": ADDRESS}
 * </pre>
 *
 * The value of a topic with a schema is printed as plain JSON; any other in base64. Without a
 * registry it is Avro in single-object encoding by that very schema, with one it is in Confluent's
 * wire format by whatever schema the registry has for its id. Headers must be UTF-8.
 */
final class Subscriber {
  private final Map<String, Schema> schemas = new HashMap<>();
  private final Registry registry = new Registry();
  private final String address;

  private Subscriber(String address) {
    this.address = address;
  }

  public static void main(String[] args) throws Exception {
    JsonNode order = Events.JSON.readTree(args[0]);
    Subscriber subscriber = new Subscriber(order.path("registry").textValue());
    for (var schema : order.get("schemas").properties()) {
      subscriber.schemas.put(schema.getKey(), Events.schema(schema.getValue().textValue()));
    }
    try (Consumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Events.settings(order.get("config")),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      wakeAtEndOfInput(consumer);
      subscriber.read(consumer, Events.texts(order.get("topics")));
    }
  }

  private static void wakeAtEndOfInput(Consumer<?, ?> consumer) {
    Thread watch =
        new Thread(
            () -> {
              try {
                System.in.readAllBytes();
              } catch (IOException broken) {
                // as good as its end
              }
              consumer.wakeup();
            });
    watch.setDaemon(true);
    watch.start();
  }

  private void read(Consumer<byte[], byte[]> consumer, List<String> topics)
      throws IOException, InterruptedException {
    consumer.subscribe(topics);
    try {
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          System.out.println(shown(record));
        }
        consumer.commitSync();
      }
    } catch (WakeupException end) {
      // the input has ended
    }
  }

  private JsonNode shown(ConsumerRecord<byte[], byte[]> record)
      throws IOException, InterruptedException {
    ObjectNode shown =
        Events.JSON
            .createObjectNode()
            .put("topic", record.topic())
            .put("partition", record.partition())
            .put("offset", record.offset())
            .put("key", record.key());
    ArrayNode headers = shown.putArray("headers");
    for (Header header : record.headers()) {
      headers.addObject().put("key", header.key()).put("value", strictly(header.value()));
    }
    Schema schema = schemas.get(record.topic());
    if (schema == null) {
      return shown.put("value", record.value());
    }
    return shown.set("event", event(schema, record.value()));
  }

  private JsonNode event(Schema schema, byte[] value) throws IOException, InterruptedException {
    if (address == null) {
      return Events.fromSingleObject(schema, value);
    }
    Schema writer = registry.byId(address, Events.idOfConfluent(value));
    if (!writer.getFullName().equals(schema.getFullName())) {
      throw new IOException("an event of " + schema + " has the id of " + writer);
    }
    return Events.fromConfluent(writer, value);
  }

  private static String strictly(byte[] utf8) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
  }
}
