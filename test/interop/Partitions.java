import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/**
 * Says where Java's default partitioner puts keys. Each line of input is a key in base64; its
 * answer is the key's Murmur2 hash and the partition among each number of the arguments.
 */
final class Partitions {
  private Partitions() {}

  public static void main(String[] counts) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = in.readLine()) != null; ) {
      byte[] key = Base64.getDecoder().decode(line);
      String partitions =
          Arrays.stream(counts)
              .map(
                  n -> String.valueOf(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(n))))
              .collect(Collectors.joining(" "));
      System.out.println(Utils.murmur2(key) + " " + partitions);
    }
  }
}
