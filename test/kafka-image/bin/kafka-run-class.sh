#!/usr/bin/env bash
# Runs a class of Kafka's: CLASS [ARGUMENT...].
set -euo pipefail
home="$(cd "$(dirname "$0")/.." && pwd)"
logging="${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$home/config/tools-log4j2.yaml}"
# The options are lists of words.
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} \
	${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true} \
	-Dkafka.logs.dir="$home/logs" $logging ${KAFKA_OPTS:-} -cp "$home/libs/*" "$@"
