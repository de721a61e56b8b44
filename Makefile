# What a person or the CI asks of this tree. RUNBOOK_TEST_REAL=1 adds the tests
# against a real Docker engine, Redis, Prometheus and Alertmanager.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
TESTFLAGS ?=
BENCHTIME ?= 1s
FUZZTIME  ?= 10s
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
GENERATED := docs playbooks schema
TOOL      := go tool -modfile=tools/go.mod

.PHONY: help build test race rehearse check vet fmt-check lint dead cross gen fresh bench fuzz

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## Build ./runbook
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o runbook ./cmd/runbook

test: ## Run all tests
	go test $(TESTFLAGS) ./...

race: ## Run the tests of the engine and the lab under the race detector
	go test -race $(TESTFLAGS) ./engine/... ./lab/...

rehearse: ## Rehearse every playbook of the catalogue in the lab
	go run ./cmd/runbook rehearse --all

check: vet fmt-check lint dead ## Look for faults without running anything

vet: ## Report suspicious code
	go vet ./...

fmt-check: ## Report files that gofmt would change
	@files="$$(gofmt -l .)"; \
	if [ -n "$$files" ]; then printf 'gofmt would change:\n%s\n' "$$files"; exit 1; fi

lint: ## Run golangci-lint, at the version that tools/go.mod names
	$(TOOL) golangci-lint run ./...

dead: ## Report functions that nothing reaches, but for those that tools/unreached.txt gives a reason for
	@left="$$($(TOOL) deadcode ./cmd/runbook ./internal/gen ./lab/app | grep -v -E -f <(grep -v -E '^(#|$$)' tools/unreached.txt) || true)"; \
	if [ -n "$$left" ]; then printf 'nothing reaches:\n%s\n' "$$left"; exit 1; fi

cross: ## Build for every system that people on call carry
	@for platform in $(PLATFORMS); do \
		echo "build $$platform"; \
		CGO_ENABLED=0 GOOS="$${platform%/*}" GOARCH="$${platform#*/}" \
			go build -trimpath -ldflags "$(LDFLAGS)" -o /dev/null ./cmd/runbook; \
	done

gen: ## Generate the reference and the schemas
	go run ./internal/gen

fresh: gen ## Report generated files that are not committed as generated
	git diff --exit-code -- $(GENERATED)
	@new="$$(git ls-files --others --exclude-standard -- $(GENERATED))"; \
	if [ -n "$$new" ]; then printf 'not committed:\n%s\n' "$$new"; exit 1; fi

bench: ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

fuzz: ## Run every fuzz target for FUZZTIME
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file declaration; do \
		target="$${declaration#func }"; package="./$$(dirname "$${file#./}")"; \
		echo "fuzz $$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done
