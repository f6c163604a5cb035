import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Prints a consumer group as kafka-consumer-groups does: what it is, its members with their
 * partitions, and its committed offsets with their lag. Arguments: bootstrap servers and group.
 */
final class Groups {
  private Groups() {}

  public static void main(String[] args) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
      boolean listed =
          admin.listGroups().all().get().stream().anyMatch(g -> g.groupId().equals(args[1]));
      ConsumerGroupDescription group =
          admin.describeConsumerGroups(List.of(args[1])).all().get().get(args[1]);
      ObjectNode shown =
          Events.JSON
              .createObjectNode()
              .put("listed", listed)
              .put("state", group.groupState().toString())
              .put("assignor", group.partitionAssignor());
      ArrayNode members = shown.putArray("members");
      for (MemberDescription member : group.members()) {
        ObjectNode one =
            members
                .addObject()
                .put("memberId", member.consumerId())
                .put("clientId", member.clientId())
                .put("host", member.host());
        ArrayNode partitions = one.putArray("partitions");
        member.assignment().topicPartitions().forEach(tp -> partitions.add(tp.toString()));
      }
      offsets(admin, args[1], shown.putArray("offsets"));
      System.out.println(shown);
    }
  }

  private static void offsets(Admin admin, String group, ArrayNode shown) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    committed.keySet().forEach(tp -> latest.put(tp, OffsetSpec.latest()));
    Map<TopicPartition, ListOffsetsResultInfo> ends = admin.listOffsets(latest).all().get();
    committed.forEach(
        (tp, commit) ->
            shown
                .addObject()
                .put("partition", tp.toString())
                .put("offset", commit.offset())
                .put("lag", ends.get(tp).offset() - commit.offset())
                .put("metadata", commit.metadata()));
  }
}
