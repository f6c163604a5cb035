import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.Schema;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Publishes what it is told to, with as many producers as it is told to open. Each line of input is
 * a JSON object and gets a line of answer, {"error": the exception's class} when Kafka refuses it.
 *
 * <pre>
 * {"do": "open", "producer": NAME, "config": {...}}    initialises transactions where configured
 * {"do": "begin" | "commit" | "abort" | "close", "producer": NAME}
 * {"do": "send", "producer": NAME, "topic": TOPIC, "key": BASE64, "headers": {...}, ...}
 *     → {"partition": 3, "offset": 17}
 * </pre>
 *
 * What is sent is "value", in base64, or "event", in plain JSON, which is encoded by an Avro
 * schema: that of the file "schema" in single-object encoding, or the latest of "subject" in
 * "registry" in Confluent's wire format.
 */
final class Publisher {
  private final Map<String, Producer<byte[], byte[]>> producers = new HashMap<>();
  private final Registry registry = new Registry();

  private Publisher() {}

  public static void main(String[] args) throws Exception {
    Publisher publisher = new Publisher();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      System.out.println(publisher.answer(Events.JSON.readTree(line)));
    }
    publisher.producers.values().forEach(Producer::close);
  }

  private JsonNode answer(JsonNode order) throws Exception {
    try {
      return carryOut(order);
    } catch (KafkaException refused) {
      return refusal(refused);
    } catch (ExecutionException refused) {
      return refusal(refused.getCause());
    }
  }

  private JsonNode carryOut(JsonNode order) throws Exception {
    String name = order.get("producer").textValue();
    Producer<byte[], byte[]> producer = producers.get(name);
    switch (order.get("do").textValue()) {
      case "open" -> producers.put(name, open(order.get("config")));
      case "begin" -> producer.beginTransaction();
      case "commit" -> producer.commitTransaction();
      case "abort" -> producer.abortTransaction();
      case "close" -> producers.remove(name).close();
      case "send" -> {
        return place(producer.send(record(order)).get());
      }
      default -> throw new IllegalArgumentException("unknown order " + order);
    }
    return Events.JSON.createObjectNode();
  }

  private static Producer<byte[], byte[]> open(JsonNode settings) {
    Map<String, Object> config = Events.settings(settings);
    Producer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    if (config.containsKey("transactional.id")) {
      producer.initTransactions();
    }
    return producer;
  }

  private ProducerRecord<byte[], byte[]> record(JsonNode order) throws Exception {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            order.get("topic").textValue(), order.get("key").binaryValue(), value(order));
    for (var header : order.path("headers").properties()) {
      byte[] text = header.getValue().textValue().getBytes(StandardCharsets.UTF_8);
      record.headers().add(header.getKey(), text);
    }
    return record;
  }

  private byte[] value(JsonNode order) throws Exception {
    if (order.has("value")) {
      return order.get("value").binaryValue();
    }
    if (order.has("registry")) {
      Registry.Identified latest =
          registry.latest(order.get("registry").textValue(), order.get("subject").textValue());
      return Events.toConfluent(latest.schema(), latest.id(), order.get("event"));
    }
    Schema schema = Events.schema(order.get("schema").textValue());
    return Events.toSingleObject(schema, order.get("event"));
  }

  private static ObjectNode place(RecordMetadata stored) {
    return Events.JSON
        .createObjectNode()
        .put("partition", stored.partition())
        .put("offset", stored.offset());
  }

  private static ObjectNode refusal(Throwable refused) {
    return Events.JSON.createObjectNode().put("error", refused.getClass().getSimpleName());
  }
}
