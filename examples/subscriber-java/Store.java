import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * Books outcomes in a file that is only ever appended to, one JSON object a line: the last line of a
 * command id is its state. A database does the same with the command's id as the key, and an update
 * where the stored revision is lower. The file is one process's own; a database is what several
 * members of the group share.
 */
final class Store implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FileChannel file;
  private final Map<String, Outcome> latest = new HashMap<>(); // by command id

  /**
   * Reads what is booked. A last line without an end was being written when the process died: its
   * offset was not committed, and it comes again.
   */
  Store(Path path) throws IOException {
    file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    String text = Files.readString(path, StandardCharsets.ISO_8859_1); // a character is a byte
    int whole = text.lastIndexOf('\n') + 1;
    for (String line : text.substring(0, whole).lines().toList()) {
      Outcome outcome = JSON.readValue(line.getBytes(StandardCharsets.ISO_8859_1), Outcome.class);
      latest.put(outcome.commandId(), outcome);
    }
    file.truncate(whole).position(whole);
  }

  /**
   * Makes outcome its command's state unless that has it already, or has a higher revision. It is on
   * the disk with the next sync.
   */
  String apply(Outcome outcome) throws IOException {
    Outcome known = latest.get(outcome.commandId());
    if (known != null && known.event().equals(outcome.event())) {
      return "duplicate";
    }
    if (known != null && known.revision() >= outcome.revision()) {
      return "late";
    }
    ByteBuffer line = StandardCharsets.UTF_8.encode(JSON.writeValueAsString(outcome) + "\n");
    while (line.hasRemaining()) {
      file.write(line);
    }
    latest.put(outcome.commandId(), outcome);
    return "applied";
  }

  void sync() throws IOException {
    file.force(true);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
