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
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: ## every test, with the race detector
	$(GO) test -race -timeout 5m $(TESTFLAGS) ./...

.PHONY: test-short
test-short: ## the quick tests, without the race detector
	$(GO) test -short -timeout 2m ./...

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

.PHONY: golangci
golangci: ## golangci-lint, built from tools/go.mod (its first build takes minutes)
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

.PHONY: build
build: ## bin/processor
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/processor ./cmd/processor

.PHONY: demo
demo: ## the whole thing on embedded parts
	$(GO) run ./cmd/processor demo

.PHONY: image
image: ## the container image IMAGE
	docker build -f deploy/Dockerfile --build-arg VERSION=$(VERSION) -t $(IMAGE) .
