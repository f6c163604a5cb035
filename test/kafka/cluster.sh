#!/usr/bin/env bash
# Three Apache Kafka brokers that are one KRaft cluster, as local processes: each is
# a broker.sh with its own directory. Topics have three replicas, of which two must
# store what is acknowledged with acks=all.
#
#   test/kafka/cluster.sh start   DIR [NODE...] [KEY=VALUE...]   waits until they serve
#   test/kafka/cluster.sh stop    DIR [NODE...]                  in good order, where it can be
#   test/kafka/cluster.sh kill    DIR [NODE...]                  kill -9
#   test/kafka/cluster.sh brokers DIR                            their addresses
#
# NODE is 1, 2 or 3; without any, all of them are meant. DIR keeps everything: a
# start on the same DIR goes on with the same data, and a log is in DIR/NODE/log.
# KEY=VALUE are further broker properties. The brokers listen on loopback, on
# CLUSTER_PORT (9092) and every second port after it.
#
# For faults, a cluster may have a network and disks of its own (iproute2, and root;
# docs/broker-faults.md says how others become it):
#
#   test/kafka/cluster.sh isolate DIR                            before the first start
#   test/kafka/cluster.sh cut     DIR NODE...                    its packets get lost, silently
#   test/kafka/cluster.sh mend    DIR NODE...
#   test/kafka/cluster.sh fill    DIR NODE...                    its disk is full
#   test/kafka/cluster.sh free    DIR NODE...
#   test/kafka/cluster.sh remove  DIR                            kills what runs and leaves nothing
#
# Every node is then a host on a switch, each in its own network namespace, and
# DIR/NODE/data is a file system in memory of CLUSTER_DISK (256m). This machine is
# another host on the switch.
#
# KAFKA_JARS, KAFKA_HEAP (384m here), KAFKA_JAVA and KAFKA_GRACE (10 here, after
# which a stop is a kill) are broker.sh's.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
export KAFKA_HEAP="${KAFKA_HEAP:-384m}"

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
fail() { echo "$1" >&2; exit 1; }

isolated() { [ -s "$dir/network" ]; }

# place says where a node listens.
place() {
	if isolated; then
		host="$subnet.1$1" port=9092
	else
		host=127.0.0.1 port="$((first_port + 2 * ($1 - 1)))"
	fi
}

# inside runs a command where the node lives.
inside() {
	local node="$1"
	shift
	if isolated; then ip netns exec "$tag-$node" "$@"; else "$@"; fi
}

brokers() {
	local all=()
	for node in 1 2 3; do place "$node"; all+=("$host:$port"); done
	(IFS=,; echo "${all[*]}")
}

start_node() {
	local voters=() node="$1"
	shift
	for voter in 1 2 3; do place "$voter"; voters+=("$voter@$host:$((port + 1))"); done
	place "$node"
	inside "$node" "$here/broker.sh" start "$dir/$node" "$port" \
		"node.id=$node" "controller.quorum.voters=$(IFS=,; echo "${voters[*]}")" \
		"listeners=PLAINTEXT://$host:$port,CONTROLLER://$host:$((port + 1))" \
		"advertised.listeners=PLAINTEXT://$host:$port" \
		default.replication.factor=3 min.insync.replicas=2 auto.create.topics.enable=false \
		offsets.topic.replication.factor=3 \
		transaction.state.log.replication.factor=3 transaction.state.log.min.isr=2 \
		share.coordinator.state.topic.replication.factor=3 share.coordinator.state.topic.min.isr=2 \
		"$@"
}

# each does the same to all nodes named, at the same time.
each() {
	local pids=() failed=0
	for node in "${nodes[@]}"; do "$@" "$node" & pids+=($!); done
	for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
	return "$failed"
}

start_named() { start_node "$1" "${properties[@]}"; }
# A broker that has lost the quorum waits for a controller before it stops, and
# would wait for minutes.
stop_named() { KAFKA_GRACE="${KAFKA_GRACE:-10}" "$here/broker.sh" stop "$dir/$1" 2> /dev/null || kill_named "$1"; }
kill_named() { "$here/broker.sh" kill "$dir/$1"; }

# port_state sets what the switch does with a node's packets.
port_state() {
	for node in "${nodes[@]}"; do ip netns exec "$tag-switch" bridge link set dev "node$node" state "$1"; done
}

mac() { printf '02:00:00:00:00:%02d' "$1"; }

# isolate makes the switch, the hosts and their disks. Everybody knows everybody's
# link address for good, so that a host that is cut off is not found out by ARP.
isolate() {
	isolated && fail "$dir has its network already"
	tag="kafka$$" subnet="198.18.$(($$ % 256))"
	if ip -o -4 addr show | grep -q " $subnet\.1/"; then fail "$subnet.0/24 is taken: try again"; fi
	printf '%s %s\n' "$tag" "$subnet" > "$dir/network"
	ip netns add "$tag-switch"
	ip -n "$tag-switch" link add switch type bridge
	ip -n "$tag-switch" link set switch up
	ip link add "$tag" address "$(mac 10)" type veth peer name outside netns "$tag-switch"
	ip -n "$tag-switch" link set outside master switch up
	ip addr add "$subnet.1/24" dev "$tag"
	ip link set "$tag" up
	for node in 1 2 3; do
		ip netns add "$tag-$node"
		ip -n "$tag-switch" link add "node$node" type veth peer name eth0 address "$(mac "$node")" netns "$tag-$node"
		ip -n "$tag-switch" link set "node$node" master switch up
		ip -n "$tag-$node" addr add "$subnet.1$node/24" dev eth0
		ip -n "$tag-$node" link set lo up
		ip -n "$tag-$node" link set eth0 up
		ip -n "$tag-$node" neigh replace "$subnet.1" lladdr "$(mac 10)" dev eth0 nud permanent
		for other in 1 2 3; do
			[ "$other" = "$node" ] || ip -n "$tag-$node" neigh replace "$subnet.1$other" lladdr "$(mac "$other")" dev eth0 nud permanent
		done
		ip neigh replace "$subnet.1$node" lladdr "$(mac "$node")" dev "$tag" nud permanent
		mkdir -p "$dir/$node/data"
		mount -t tmpfs -o "size=${CLUSTER_DISK:-256m}" "$tag-$node" "$dir/$node/data"
	done
}

remove() {
	nodes=(1 2 3)
	each kill_named
	isolated || return 0
	for node in 1 2 3; do
		umount "$dir/$node/data" 2> /dev/null || true
		ip netns del "$tag-$node" 2> /dev/null || true
	done
	ip netns del "$tag-switch" 2> /dev/null || true
	ip link del "$tag" 2> /dev/null || true
	rm -f "$dir/network"
}

# fill leaves no byte.
fill() {
	for node in "${nodes[@]}"; do
		dd if=/dev/zero of="$dir/$node/data/ballast" bs=64k status=none 2> /dev/null || true
	done
}

free() {
	for node in "${nodes[@]}"; do rm -f "$dir/$node/data/ballast"; done
}

[ $# -ge 2 ] || usage
verb="$1"
mkdir -p "$2"
dir="$(cd "$2" && pwd)"
shift 2
first_port="${CLUSTER_PORT:-9092}"
if isolated; then read -r tag subnet < "$dir/network"; fi
nodes=() properties=()
for argument in "$@"; do
	case "$argument" in
	[123]) nodes+=("$argument") ;;
	*=*) properties+=("$argument") ;;
	*) usage ;;
	esac
done

case "$verb" in
cut | mend | fill | free)
	isolated || fail "$verb wants a cluster that is isolated"
	[ ${#nodes[@]} -gt 0 ] || usage
	;;
*) [ ${#nodes[@]} -gt 0 ] || nodes=(1 2 3) ;;
esac

case "$verb" in
start) each start_named ;;
stop) each stop_named ;;
kill) each kill_named ;;
brokers) brokers ;;
isolate) isolate ;;
cut) port_state 0 ;;
mend) port_state 3 ;;
fill) fill ;;
free) free ;;
remove) remove ;;
*) usage ;;
esac
