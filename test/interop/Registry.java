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
  record Latest(int id, Schema schema) {}

  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, Latest> known = new HashMap<>();

  /** Returns the latest schema of a subject. */
  Latest latest(String registry, String subject) throws IOException, InterruptedException {
    String address = registry + "/subjects/" + subject + "/versions/latest";
    if (!known.containsKey(address)) {
      var answer =
          http.send(HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException("registry: " + answer.statusCode() + " for " + subject);
      }
      JsonNode version = Events.JSON.readTree(answer.body());
      Schema schema = new Schema.Parser().parse(version.get("schema").textValue());
      known.put(address, new Latest(version.get("id").intValue(), schema));
    }
    return known.get(address);
  }
}
