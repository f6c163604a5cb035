import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.SchemaStore;

/**
 * Reads the values of events as the current schemas of a directory have them. A field that the
 * writer's schema lacks takes its default, and one that the reader's lacks is left out.
 */
final class Values {
  private final Map<String, Schema> readers = new HashMap<>(); // by command
  private final SchemaStore.Cache writers = new SchemaStore.Cache();
  private final Map<Integer, Schema> byId = new HashMap<>(); // the registry's
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final String registry;

  /** Knows the current schemas, and in earlier/ those of events that were written before. */
  Values(Path directory, String registry) throws IOException {
    this.registry = registry;
    for (Path path : schemas(directory)) {
      Schema schema = new Schema.Parser().parse(Files.readString(path));
      writers.addSchema(schema);
      readers.put(path.getFileName().toString().replaceFirst("\\.result\\.avsc$", ""), schema);
    }
    for (Path path : schemas(directory.resolve("earlier"))) {
      writers.addSchema(new Schema.Parser().parse(Files.readString(path)));
    }
  }

  private static List<Path> schemas(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(f -> f.toString().endsWith(".avsc")).toList();
    }
  }

  /**
   * Decodes a value in single-object encoding (C3 01, the schema's fingerprint) or in Confluent's
   * wire format (00, the schema's id at the registry). It is empty for one that cannot be read by any
   * schema that is known here: somebody has to bring the schema.
   */
  Optional<GenericRecord> read(String command, byte[] value) throws IOException, InterruptedException {
    Schema reader = readers.get(command);
    boolean confluent = value.length >= 5 && value[0] == 0 && !registry.isEmpty();
    Schema writer = confluent ? fetch(ByteBuffer.wrap(value, 1, 4).getInt()) : null;
    try {
      if (confluent) {
        var bytes = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null);
        return Optional.of(new GenericDatumReader<GenericRecord>(writer, reader).read(null, bytes));
      }
      return Optional.of(new BinaryMessageDecoder<GenericRecord>(GenericData.get(), reader, writers).decode(value));
    } catch (IOException | AvroRuntimeException unreadable) {
      return Optional.empty(); // without Avro's own words, which may quote the value
    }
  }

  /**
   * Asks the registry once for each id. A registry that does not answer has said nothing about the
   * event, which is not to be booked unread for that.
   */
  private Schema fetch(int id) throws IOException, InterruptedException {
    if (!byId.containsKey(id)) {
      URI address = URI.create(registry + "/schemas/ids/" + id);
      HttpRequest question = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(5)).build();
      try {
        HttpResponse<String> answer = client.send(question, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
          throw new IOException("answered " + answer.statusCode());
        }
        String schema = new ObjectMapper().readTree(answer.body()).path("schema").asText();
        byId.put(id, new Schema.Parser().parse(schema));
      } catch (IOException | SchemaParseException failed) {
        throw new IOException("asking the registry for schema " + id + ": " + failed, failed);
      }
    }
    return byId.get(id);
  }
}
