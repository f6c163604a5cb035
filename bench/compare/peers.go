package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"bankprocessor/bench/parts"
	"bankprocessor/bench/process"
)

// Peers are left alone until their group has formed.
const (
	goWarm   = 6 * time.Second
	javaWarm = 8 * time.Second // and what runs often is compiled
)

// peers are what people use instead.
func peers() []contender {
	return []contender{
		goPeer(nameNaive, "naive", "kafka-go v0.4.51: as many readers of one group as partitions, each with one command under way: read, call with "+
			"net/http, write with acks=all at once, commit"),
		goPeer(nameNaiveOne, "naive-one", "the same with one reader"),
		goPeer(nameWatermill, "watermill", "Watermill v1.5 with watermill-kafka v3.0 (sarama): its router with one handler, "+
			"which has one command of each partition under way; acks=all; net/http; commits once a second"),
		parallelConsumer(nameParallelThreads, "threads", "Confluent's Parallel Consumer 0.5.3.2 (kafka-clients 3.9.1) in key order, a thread for each call, Java's HTTP client, Kafka's producer with linger.ms=5"),
		parallelConsumer(nameParallelReactor, "reactor", "the same without a thread for each call"),
	}
}

// goPeer is one of bench/peers.
func goPeer(name, peer, legend string) contender {
	return contender{
		name: name, legend: legend, counts: true, warm: goWarm,
		prepare: func(ctx context.Context, w *world) (err error) {
			if w.peers == "" {
				w.peers, err = parts.Build(ctx, w.dir, "peers", filepath.Join(w.root, "bench", "peers"), ".")
			}
			return err
		},
		start: func(w *world, s station) (string, []string, error) {
			return w.peers, append([]string{peer}, w.common(s)...), nil
		},
	}
}

// parallelConsumer is bench/parallelconsumer, whose build.sh compiles it and prints
// its class path. It serves no allocations and speaks HTTP/1.1 without TLS.
func parallelConsumer(name, mode, legend string) contender {
	return contender{
		name: name, legend: legend, warm: javaWarm,
		prepare: func(ctx context.Context, w *world) error {
			if w.classPath != "" {
				return nil
			}
			p, err := process.Start(w.dir, "build-parallelconsumer", filepath.Join(w.root, "bench", "parallelconsumer", "build.sh"))
			if err != nil {
				return err
			}
			if err := p.Wait(ctx); err != nil {
				return err
			}
			lines := strings.Split(strings.TrimSpace(p.Output()), "\n")
			w.classPath = lines[len(lines)-1]
			return nil
		},
		start: func(w *world, s station) (string, []string, error) {
			if s.cell.tls != "" {
				return "", nil, fmt.Errorf("%s: TLS is not built", name)
			}
			return "java", []string{
				"-Xmx2g", "-cp", w.classPath, "ParallelConsumer", "--mode", mode,
				"--broker", w.broker.Address, "--commands", s.commands(), "--results", s.results(), "--group", s.group,
				"--bank", w.bankURL(s.cell) + method, "--body", body, "--in-flight", strconv.Itoa(s.cell.inFlight),
			}, nil
		},
	}
}
