#!/usr/bin/env bash
# One Apache Kafka broker (KRaft, broker and controller in one process) on
# loopback, from the jars of pom.xml. Needs Java 17 or newer, and Maven the first
# time.
#
#   test/kafka/broker.sh start DIR [PORT] [KEY=VALUE...]   in the background, and waits until it serves
#   test/kafka/broker.sh run   DIR [PORT] [KEY=VALUE...]   in the foreground
#   test/kafka/broker.sh stop  DIR
#   test/kafka/broker.sh kill  DIR                         kill -9
#   test/kafka/broker.sh jars                              fetches the jars and prints where they are
#
# DIR keeps the data, the properties, the log (log) and the process id (pid): a
# start on the same DIR goes on with the same data. PORT is 9092 if not given;
# the controller listens on the port after it. KEY=VALUE are further broker
# properties. What is not set here is as Kafka ships it, topic auto-creation
# included.
#
# KAFKA_JARS   where the jars are kept (out/kafka/jars)
# KAFKA_HEAP   the broker's heap (512m)
# KAFKA_JAVA   further options of the JVM
# KAFKA_GRACE  how many seconds a stop may take (60)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
# shellcheck source=test/until.sh
. "$here/../until.sh"
jars="${KAFKA_JARS:-$here/../../out/kafka/jars}"

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

# fetch is done again whenever pom.xml has changed; brokers that start at the same
# time do it once.
fetch() {
	mkdir -p "$(dirname "$jars")"
	(
		flock 9
		if cmp -s "$here/pom.xml" "$jars/pom.xml"; then return; fi
		rm -rf "$jars"
		mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars" >&2
		cp "$here/pom.xml" "$jars/pom.xml"
	) 9> "$jars.lock"
}

java_main() {
	# shellcheck disable=SC2086 # several options
	exec java -Xmx"${KAFKA_HEAP:-512m}" ${KAFKA_JAVA:--XX:+UseG1GC} -Dorg.apache.logging.log4j.level=INFO -cp "$jars/*" "$@"
}

# prepare writes the properties and formats the data directory once.
prepare() {
	mkdir -p "$dir"
	{
		cat <<-PROPERTIES
			process.roles=broker,controller
			node.id=1
			controller.quorum.voters=1@127.0.0.1:$((port + 1))
			controller.listener.names=CONTROLLER
			listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
			advertised.listeners=PLAINTEXT://127.0.0.1:$port
			listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
			log.dirs=$dir/data
			offsets.topic.replication.factor=1
			transaction.state.log.replication.factor=1
			transaction.state.log.min.isr=1
			share.coordinator.state.topic.replication.factor=1
			share.coordinator.state.topic.min.isr=1
		PROPERTIES
		printf '%s\n' "$@"
	} > "$dir/server.properties"
	if [ -s "$dir/data/meta.properties" ]; then return; fi
	(java_main kafka.tools.StorageTool format --ignore-formatted \
		--cluster-id 5L6g3nShT-eMCtK--X86sw --config "$dir/server.properties") >> "$dir/log" 2>&1
}

alive() { [ -s "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2> /dev/null; }

# serving looks at what has been logged since byte $1.
serving() { ! alive || grep -q 'Kafka Server started' <(tail -c "+$1" "$dir/log"); }
gone() { ! alive; }

if [ "$*" = jars ]; then
	fetch
	cd "$jars" && pwd
	exit
fi
[ $# -ge 2 ] || usage
verb="$1"
mkdir -p "$2"
dir="$(cd "$2" && pwd)"
shift 2
port=9092
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then port="$1"; shift; fi

case "$verb" in
run | start)
	if alive; then echo "a broker is already running on $dir" >&2; exit 1; fi
	fetch
	prepare "$@"
	;;&
run)
	echo $$ > "$dir/pid"
	java_main kafka.Kafka "$dir/server.properties"
	;;
start)
	from="$(($(wc -c < "$dir/log") + 1))"
	(trap '' HUP; java_main kafka.Kafka "$dir/server.properties") < /dev/null >> "$dir/log" 2>&1 &
	echo $! > "$dir/pid"
	if ! until_within 60 serving "$from" || ! alive; then
		echo "the broker does not serve; the end of $dir/log:" >&2
		tail -n 20 "$dir/log" >&2
		exit 1
	fi
	;;
stop)
	if alive; then
		kill "$(cat "$dir/pid")"
		until_within "${KAFKA_GRACE:-60}" gone || { echo "the broker does not stop" >&2; exit 1; }
	fi
	rm -f "$dir/pid"
	;;
kill)
	if alive; then
		kill -KILL "$(cat "$dir/pid")"
		until_within 10 gone || { echo "the broker does not die" >&2; exit 1; }
	fi
	rm -f "$dir/pid"
	;;
*) usage ;;
esac
