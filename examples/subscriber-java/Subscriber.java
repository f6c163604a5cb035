import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole subscriber to the outcomes of all seven commands, to be copied and changed:
 * docs/subscribers.md walks through it. It books every outcome once, into a file, whatever kills it
 * in between.
 */
final class Subscriber {
  private static final Logger LOG = LoggerFactory.getLogger(Subscriber.class);
  private static final List<String> COMMANDS =
      List.of(
          "customer.create", "customer.update", "customer.complete", "loan.income.submit",
          "dbs.limit.query", "dbs.invoice.upsert", "dbs.invoice.results.query");

  private final String prefix;
  private final Values values;
  private final Store book;

  private Subscriber(String prefix, Values values, Store book) {
    this.prefix = prefix;
    this.values = values;
    this.book = book;
  }

  public static void main(String[] args) {
    CountDownLatch ended = new CountDownLatch(1);
    try {
      run(options(args), ended);
    } catch (WakeupException asked) {
      LOG.info("stopped");
    } catch (Exception failed) {
      LOG.error("the subscriber has ended; nothing is committed that is not stored: {}", failed.toString());
      ended.countDown();
      System.exit(1);
    } finally {
      ended.countDown();
    }
  }

  private static Map<String, String> options(String[] args) {
    Map<String, String> options =
        new HashMap<>(
            Map.of(
                "--brokers", "127.0.0.1:9092", "--group", "subscriber-java", "--prefix", "",
                "--schemas", "schemas", "--registry", "", "--store", "outcomes.ndjson"));
    for (int i = 0; i < args.length; i += 2) {
      if (i + 1 == args.length || options.replace(args[i], args[i + 1]) == null) {
        throw new IllegalArgumentException("want a value behind each of " + options.keySet());
      }
    }
    return options;
  }

  private static void run(Map<String, String> options, CountDownLatch ended)
      throws IOException, InterruptedException {
    Map<String, Object> settings =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("--brokers"),
            ConsumerConfig.GROUP_ID_CONFIG, options.get("--group"),
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false, // of what has been handed out, stored or not
            ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    String prefix = options.get("--prefix");
    Values values = new Values(Path.of(options.get("--schemas")), options.get("--registry"));
    try (Store book = new Store(Path.of(options.get("--store")));
        KafkaConsumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(consumer, ended)));
      consumer.subscribe(COMMANDS.stream().map(c -> prefix + c + ".result").toList());
      new Subscriber(prefix, values, book).consume(consumer);
    }
  }

  /** Keeps the JVM until the round that is under way is stored or given up. */
  private static void stop(KafkaConsumer<?, ?> consumer, CountDownLatch ended) {
    consumer.wakeup();
    try {
      ended.await();
    } catch (InterruptedException impatient) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Commits records only once everything that follows from them is stored. An exception ends it with
   * the round uncommitted: whoever starts it again gets it again.
   */
  private void consume(KafkaConsumer<byte[], byte[]> consumer)
      throws IOException, InterruptedException {
    while (true) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
        take(record);
      }
      book.sync();
      consumer.commitSync();
    }
  }

  /** Books what follows from a record; it is stored with the next sync of the book. */
  private void take(ConsumerRecord<byte[], byte[]> record)
      throws IOException, InterruptedException {
    Outcome outcome = Outcome.fromHeaders(record, prefix).orElse(null);
    if (outcome == null) {
      LOG.warn("not an outcome: left out: {}/{}@{}", record.topic(), record.partition(), record.offset());
      return;
    }
    if (outcome.then().equals("book")) { // all others are routed without a look at the value
      var event = values.read(outcome.command(), record.value());
      outcome = event.map(outcome::with).orElse(outcome.asUnread());
    }
    LOG.info("outcome {}: {}", book.apply(outcome), outcome);
  }
}
