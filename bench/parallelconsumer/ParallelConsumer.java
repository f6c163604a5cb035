import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import io.confluent.parallelconsumer.reactor.ReactorProcessor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import reactor.core.publisher.Mono;

/**
 * A contender of the benchmark: Confluent's Parallel Consumer in key order, with Java's
 * own HTTP client and Kafka's own producer.
 *
 * <p>Two ways of its use are there. "threads" gives each call one of so many threads;
 * "reactor" holds no thread while the bank works. It decodes nothing and checks nothing:
 * a record's key and number are put into a body that the benchmark hands over.
 */
public final class ParallelConsumer {
    private static final byte[] SUCCEEDED = "SUCCEEDED".getBytes(StandardCharsets.UTF_8);

    private final Map<String, String> options;
    private final HttpClient http;
    private final KafkaProducer<byte[], byte[]> producer;
    private final String[] body;

    private ParallelConsumer(Map<String, String> options) {
        this.options = options;
        http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors()))
                .build();
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", option("broker"), "acks", "all", "linger.ms", 5, "batch.size", 1 << 18),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        body = option("body").split("\\{\\}", -1);
    }

    /** Takes {@code --name value} pairs; {@link #option} names a missing one. */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        new ParallelConsumer(options).run();
    }

    private String option(String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("--" + name + " is missing");
        }
        return value;
    }

    private void run() throws Exception {
        var consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers", option("broker"),
                        "group.id", option("group"),
                        "auto.offset.reset", "earliest",
                        "enable.auto.commit", false,
                        "max.poll.records", 5000,
                        "fetch.max.wait.ms", 100),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        var settings = ParallelConsumerOptions.<byte[], byte[]>builder()
                .consumer(consumer)
                .ordering(ProcessingOrder.KEY)
                .maxConcurrency(Integer.parseInt(option("in-flight")))
                // It looks into fields that newer consumers do not have; we have switched it off.
                .ignoreReflectiveAccessExceptionsForAutoCommitDisabledCheck(true)
                .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
                .build();
        var end = new CountDownLatch(1);
        var topics = List.of(option("commands"));
        AutoCloseable processor;
        if (option("mode").equals("threads")) {
            var threads = ParallelStreamProcessor.createEosStreamProcessor(settings);
            threads.subscribe(topics);
            threads.poll(context -> carryOut(context.getSingleConsumerRecord()).join());
            processor = threads::close;
        } else {
            var reactor = new ReactorProcessor<>(settings);
            reactor.subscribe(topics);
            // A Mono that ends without a value would not count as done.
            reactor.react(context -> Mono.fromFuture(carryOut(context.getSingleConsumerRecord()).thenApply(nothing -> true)));
            processor = reactor::close;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(end::countDown));
        System.out.println("running");
        end.await();
        processor.close();
    }

    private CompletableFuture<Void> carryOut(ConsumerRecord<byte[], byte[]> command) {
        String key = new String(command.key(), StandardCharsets.UTF_8);
        var request = HttpRequest.newBuilder(URI.create(option("bank")))
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(HttpRequest.BodyPublishers.ofString(
                        body[0] + key.substring(key.indexOf('|') + 1) + body[1] + text(command, "bench-number") + body[2]))
                .build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
                .thenCompose(answer -> store(command, answer));
    }

    private CompletableFuture<Void> store(ConsumerRecord<byte[], byte[]> command, HttpResponse<byte[]> answer) {
        if (answer.statusCode() != 200) {
            return CompletableFuture.failedFuture(new IllegalStateException("the bank answered " + answer.statusCode()));
        }
        var outcome = new ProducerRecord<>(option("results"), command.partition(), command.key(), answer.body());
        outcome.headers().add("ce_subject", command.headers().lastHeader("ce_id").value());
        outcome.headers().add("ce_status", SUCCEEDED);
        var stored = new CompletableFuture<Void>();
        producer.send(outcome, (metadata, failure) -> {
            if (failure != null) {
                stored.completeExceptionally(failure);
            } else {
                stored.complete(null);
            }
        });
        return stored;
    }

    private static String text(ConsumerRecord<byte[], byte[]> command, String header) {
        Header found = command.headers().lastHeader(header);
        return new String(found.value(), StandardCharsets.UTF_8);
    }
}
