.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GO        ?= go
TESTFLAGS ?=
FUZZTIME  ?= 10s
IMAGE     ?= bank-processor:dev
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X main.version=$(VERSION)

.PHONY: help
help: ## shows this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What runs on real Apache Kafka has the machine to itself: brokers beside them
# would upset the suites that measure time. Each suite has a heading of its own.
REAL  := test/chaos test/cluster test/containers test/integration
# What else wants programs that not everybody has; each has a target of its own.
APART := $(REAL) test/console test/deploy
suite  = @printf '\n== suite: %s\n' '$(1)'

# The library's reaper is an image more to pull, which is not to be had where our
# own images are used; every test takes its containers away itself.
export TESTCONTAINERS_RYUK_DISABLED ?= $(if $(KAFKA_IMAGE),true,false)

.PHONY: test
test: test-embedded test-console test-deploy test-real ## every test: on the embedded broker, in a browser, of deploy/, on real Kafka

.PHONY: test-embedded
test-embedded: ## all that needs no Docker, with the race detector
	$(call suite,embedded)
	$(GO) test -race -timeout 10m $(TESTFLAGS) $$($(GO) list ./... | grep -vE '/($(subst $() ,|,$(APART)))$$')
	$(call suite,planted faults)
	$(GO) test -tags planted -timeout 5m -run Planted $(TESTFLAGS) ./internal/planted ./internal/history ./internal/consumers ./test/simulation

.PHONY: test-console
test-console: ## the operators' console in Chromium; wants Node.js with npm, and chromium
	$(call suite,console in Chromium)
	$(GO) test -count 1 -timeout 10m $(TESTFLAGS) ./test/console # without -race: it measures frames

.PHONY: test-deploy
test-deploy: ## image, compose, Helm chart, unit and packages; wants Docker, docker-compose, dpkg, pip
	$(call suite,deployment)
	test/deploy/run.sh $(TESTFLAGS)

.PHONY: test-real
test-real: ## the suites on real Kafka; they want Docker, test/cluster wants root
	@docker info > /dev/null 2>&1 || [ -n "$${CI:-}" ] || \
		printf '\n!!! NO DOCKER ENGINE ANSWERS: THE SUITES ON REAL KAFKA ARE SKIPPED, AND SHOW NOTHING !!!\n'
	$(call suite,real Kafka: containers)
	$(GO) test -race -count 1 -timeout 5m $(TESTFLAGS) ./test/containers
	$(call suite,real Kafka: integration)
	$(GO) test -race -count 1 -timeout 10m $(TESTFLAGS) ./test/integration
	$(call suite,real Kafka: endtoend)
	ENDTOEND_BROKER=container $(GO) test -race -count 1 -timeout 10m $(TESTFLAGS) ./test/endtoend
	$(call suite,real Kafka: examples)
	EXAMPLES_BROKER=container $(GO) test -race -count 1 -timeout 5m $(TESTFLAGS) ./test/examples
	$(call suite,real Kafka: broker faults)
	$(GO) test -count 1 -timeout 10m $(TESTFLAGS) ./test/cluster # without -race: it measures times
	$(call suite,real Kafka: chaos)
	$(GO) test -count 1 -timeout 15m $(TESTFLAGS) ./test/chaos

SEEDS    ?= 1,2,3,4,5,6,7,8,9,10
COMMANDS ?= 20000
PACE     ?= 200

.PHONY: chaos
chaos: ## kills and stops processors at random: COMMANDS on each of SEEDS (half an hour), then the planted faults
	$(GO) test -count 1 -timeout 3h -v -run TestChaos ./test/chaos -seeds $(SEEDS) -commands $(COMMANDS) -pace $(PACE) -controls

SCHEDULES ?= 100000

.PHONY: simulate
simulate: ## SCHEDULES interleavings of crashes, takeovers and commits, from seeds
	$(GO) test -count 1 -timeout 1h -v -run TestSchedules ./test/simulation -schedules $(SCHEDULES)

# The embedded broker is for every cell, Apache Kafka, where Java runs it, for what
# people use instead.
ON_KAFKA ?= ^throughput: bank 5 ms, 6 partitions$$|^latency|^head of line: .* 6 partitions
ROUNDS   ?= 3
measured := out/bench

.PHONY: bench
bench: ## the processor beside the ceiling and what people use instead; writes docs/speed.md (half an hour; wants a quiet machine)
	@mkdir -p $(measured)
	$(GO) build -o $(measured)/compare ./bench/compare
	$(measured)/compare --broker embedded --rounds $(ROUNDS) --contenders 'ceiling|processor' --output json > $(measured)/embedded.json
	$(measured)/compare --from $(measured)/embedded.json --update docs/speed.md --plot docs/speed.svg
	@if ! command -v java > /dev/null; then echo 'no Java, and so no Apache Kafka'; exit 0; fi; set -x; \
	$(measured)/compare --broker kafka --rounds $(ROUNDS) --only '$(ON_KAFKA)' --output json > $(measured)/kafka.json && \
	$(measured)/compare --from $(measured)/kafka.json --update docs/speed.md

.PHONY: bench-quick
bench-quick: ## the one cell that says most, for ceiling and processor (a minute)
	$(GO) run ./bench/compare --quick

.PHONY: bench-gate
bench-gate: ## fails when the processor has become slower, held against the ceiling of the same run (bench/gate.json)
	$(GO) run ./bench/compare --gate bench/gate.json --backlog 60000 --window 3s

OLD ?=

.PHONY: bench-micro
bench-micro: ## every Go benchmark, into out/bench/micro.txt; with OLD=FILE compares
	@mkdir -p $(measured)
	$(GO) test -run '^$$' -bench . -benchmem -benchtime 0.2s -count 6 -timeout 30m \
		$$(git grep -l 'func Benchmark' -- 'internal/*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|') | tee $(measured)/micro.txt
	$(if $(OLD),$(GO) tool -modfile=tools/go.mod benchstat $(OLD) $(measured)/micro.txt)

.PHONY: bench-attempts
bench-attempts: ## what an attempt record before each call costs (minutes; wants a quiet machine)
	$(GO) run ./bench/attempts

.PHONY: bench-scale
bench-scale: ## how far a group goes, and what is in the way first: docs/scale.md (half a minute)
	$(GO) run ./bench/scale

.PHONY: bench-concurrency
bench-concurrency: ## a limit that follows the bank beside fixed ones: docs/concurrency.md (half a minute)
	$(GO) run ./bench/concurrency

.PHONY: test-short
test-short: ## the quick tests, without the race detector
	$(GO) test -short -timeout 2m $$($(GO) list ./... | grep -vE '/($(subst $() ,|,$(APART)))$$')

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

.PHONY: lint
lint: ## gofmt and go vet
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	cd bench/peers && $(GO) vet ./... # a module of its own

.PHONY: golangci
golangci: ## golangci-lint, built from tools/go.mod (its first build takes minutes)
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

.PHONY: reference
reference: ## writes what is made of sources anew: docs/reference, traces' attributes, the dashboard, the chart's schema
	$(GO) test -p 1 ./cmd/processor ./internal/config ./internal/command ./internal/bankapi/interapi ./internal/bankapi/loanapi \
		./internal/telemetry ./internal/tracing -run 'Reference$$' -update
	$(GO) test ./test/alerts -run TestTheDashboardIsMadeOfItsSource -update
	$(GO) test ./test/deploy -run TestTheSchemaHasTheKeysOfTheConfiguration -update

.PHONY: build
build: ## bin/processor
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/processor ./cmd/processor

.PHONY: demo
demo: ## the whole thing on embedded parts
	$(GO) run ./cmd/processor demo

.PHONY: image
image: ## the container image IMAGE
	docker build -f deploy/Dockerfile --build-arg VERSION=$(VERSION) -t $(IMAGE) .

.PHONY: kafka-image
kafka-image: ## an image like apache/kafka without any registry; prints its name (KAFKA_IMAGE)
	@test/kafka-image/build.sh

.PHONY: registry-image
registry-image: ## likewise for the schema registry (REGISTRY_IMAGE)
	@test/registry/build.sh

.PHONY: broker
broker: ## a Kafka broker as a process at 127.0.0.1:9092, until Ctrl-C
	@test/kafka/broker.sh run out/kafka/broker

.PHONY: cluster
cluster: ## three of them; `make cluster-stop` ends them
	@test/kafka/cluster.sh start out/kafka/cluster && test/kafka/cluster.sh brokers out/kafka/cluster

.PHONY: cluster-stop
cluster-stop: ## ends what `make cluster` has started
	@test/kafka/cluster.sh stop out/kafka/cluster
