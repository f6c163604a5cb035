#!/usr/bin/env bash
# Run once while the image is built: a start of Kafka whose classes are archived, as
# the public image has it too. A broker then starts on a third of the processor time.
set -euo pipefail
export KAFKA_HEAP_OPTS=-Xmx384m
options='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'
log=/opt/kafka/logs/archive

CLUSTER_ID=5L6g3nShT-eMCtK--X86sw KAFKA_JVM_PERFORMANCE_OPTS="$options -XX:ArchiveClassesAtExit=/opt/kafka/storage.jsa" \
	/opt/kafka/bin/kafka-run-class.sh kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
	--mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config > "$log" 2>&1
KAFKA_JVM_PERFORMANCE_OPTS="$options -XX:ArchiveClassesAtExit=/opt/kafka/kafka.jsa" \
	/opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/server.properties >> "$log" 2>&1 &
broker=$!
for _ in $(seq 300); do
	if grep -q 'Kafka Server started' "$log"; then break; fi
	sleep 0.2
done
kill "$broker" || true
wait "$broker" || true
if [ ! -s /opt/kafka/storage.jsa ] || [ ! -s /opt/kafka/kafka.jsa ]; then cat "$log"; exit 1; fi
rm -rf "$log" /tmp/kraft-combined-logs
