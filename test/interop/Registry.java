import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;

/** A Schema Registry as its HTTP interface is documented; what is read once is remembered. */
final class Registry {
  /** A schema with its id. */
  record Identified(int id, Schema schema) {}

  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, JsonNode> answers = new HashMap<>();

  /** Returns the latest schema of a subject. */
  Identified latest(String registry, String subject) throws IOException, InterruptedException {
    JsonNode version = get(registry + "/subjects/" + subject + "/versions/latest");
    return new Identified(version.get("id").intValue(), schema(version));
  }

  /** Returns the schema with an id. */
  Schema byId(String registry, int id) throws IOException, InterruptedException {
    return schema(get(registry + "/schemas/ids/" + id));
  }

  private static Schema schema(JsonNode answer) {
    return new Schema.Parser().parse(answer.get("schema").textValue());
  }

  private JsonNode get(String address) throws IOException, InterruptedException {
    if (!answers.containsKey(address)) {
      var answer =
          http.send(HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(address + " answered " + answer.statusCode());
      }
      answers.put(address, Events.JSON.readTree(answer.body()));
    }
    return answers.get(address);
  }
}
