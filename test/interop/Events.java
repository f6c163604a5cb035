import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;

/**
 * Events as plain JSON and in Avro's encodings, by Apache Avro's generic classes and its own
 * conversions of logical types. In JSON amounts and moments are text, and what is null is left out.
 */
final class Events {
  static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private static final GenericData AVRO = new GenericData();

  static {
    AVRO.addLogicalTypeConversion(new Conversions.DecimalConversion());
    AVRO.addLogicalTypeConversion(new TimeConversions.DateConversion());
    AVRO.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
  }

  private Events() {}

  /** Avro single-object encoding: C3 01, the schema's CRC-64-AVRO fingerprint, the datum. */
  static byte[] toSingleObject(Schema schema, JsonNode event) throws IOException {
    GenericRecord record = (GenericRecord) fromJson(schema, event);
    ByteBuffer encoded = new BinaryMessageEncoder<GenericRecord>(AVRO, schema).encode(record);
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    return bytes;
  }

  /** Confluent's wire format: 00, the schema's id in the registry, the datum. */
  static byte[] toConfluent(Schema schema, int id, JsonNode event) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataOutputStream header = new DataOutputStream(out);
    header.writeByte(0);
    header.writeInt(id);
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    new GenericDatumWriter<Object>(schema, AVRO).write(fromJson(schema, event), encoder);
    encoder.flush();
    return out.toByteArray();
  }

  /** Reads single-object encoding; a fingerprint that is not the schema's is an exception. */
  static JsonNode fromSingleObject(Schema schema, byte[] value) throws IOException {
    return toJson(schema, new BinaryMessageDecoder<GenericRecord>(AVRO, schema).decode(value));
  }

  /** Returns the schema id of Confluent's wire format. */
  static int idOfConfluent(byte[] value) {
    if (value[0] != 0) {
      throw new IllegalArgumentException("not Confluent's wire format");
    }
    return ByteBuffer.wrap(value, 1, Integer.BYTES).getInt();
  }

  /** Reads Confluent's wire format by the schema that it was written with. */
  static JsonNode fromConfluent(Schema writer, byte[] value) throws IOException {
    int start = 1 + Integer.BYTES;
    var decoder = DecoderFactory.get().binaryDecoder(value, start, value.length - start, null);
    Object event = new GenericDatumReader<Object>(writer, writer, AVRO).read(null, decoder);
    if (!decoder.isEnd()) {
      throw new IOException("bytes follow the event");
    }
    return toJson(writer, event);
  }

  /** Turns plain JSON into what Avro writes by the schema. Absent fields take their default. */
  private static Object fromJson(Schema schema, JsonNode json) {
    if (schema.getLogicalType() instanceof LogicalTypes.Decimal decimal) {
      return new BigDecimal(json.asText()).setScale(decimal.getScale());
    }
    if (schema.getLogicalType() instanceof LogicalTypes.Date) {
      return LocalDate.parse(json.textValue());
    }
    if (schema.getLogicalType() instanceof LogicalTypes.TimestampMillis) {
      return OffsetDateTime.parse(json.textValue()).toInstant();
    }
    return switch (schema.getType()) {
      case UNION -> json.isNull() ? null : fromJson(nonNull(schema), json);
      case RECORD -> recordFromJson(schema, json);
      case STRING -> json.textValue();
      case BOOLEAN -> json.booleanValue();
      case INT -> json.intValue();
      case LONG -> json.longValue();
      default -> throw new IllegalArgumentException("no command has a field of type " + schema);
    };
  }

  private static GenericRecord recordFromJson(Schema schema, JsonNode json) {
    GenericRecord record = new GenericData.Record(schema);
    for (Schema.Field field : schema.getFields()) {
      JsonNode value = json.get(field.name());
      record.put(
          field.pos(),
          value == null ? AVRO.getDefaultValue(field) : fromJson(field.schema(), value));
    }
    return record;
  }

  private static Schema nonNull(Schema union) {
    return union.getTypes().stream()
        .filter(option -> option.getType() != Schema.Type.NULL)
        .findFirst()
        .orElseThrow();
  }

  private static JsonNode toJson(Schema schema, Object value) {
    if (value == null) {
      return JSON.nullNode();
    }
    if (value instanceof BigDecimal || value instanceof LocalDate || value instanceof Instant) {
      return JSON.getNodeFactory().textNode(plain(value));
    }
    return switch (schema.getType()) {
      case UNION -> toJson(nonNull(schema), value);
      case RECORD -> {
        ObjectNode object = JSON.createObjectNode();
        for (Schema.Field field : schema.getFields()) {
          JsonNode member = toJson(field.schema(), ((GenericRecord) value).get(field.pos()));
          if (!member.isNull()) {
            object.set(field.name(), member);
          }
        }
        yield object;
      }
      case ARRAY -> {
        ArrayNode array = JSON.createArrayNode();
        for (Object item : (List<?>) value) {
          array.add(toJson(schema.getElementType(), item));
        }
        yield array;
      }
      case STRING -> JSON.getNodeFactory().textNode(value.toString());
      default -> JSON.valueToTree(value);
    };
  }

  private static String plain(Object value) {
    return value instanceof BigDecimal number
        ? number.stripTrailingZeros().toPlainString()
        : value.toString();
  }

  /** Reads an Avro schema from its file. */
  static Schema schema(String file) throws IOException {
    return new Schema.Parser().parse(new File(file));
  }

  /** Returns a JSON object of text as a Kafka client's settings. */
  static Map<String, Object> settings(JsonNode object) {
    Map<String, Object> settings = new HashMap<>();
    object.properties().forEach(s -> settings.put(s.getKey(), s.getValue().textValue()));
    return settings;
  }

  /** Returns the members of a JSON array of text. */
  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.textValue()));
    return texts;
  }
}
