# Mirador. `make help` lists the targets.
SHELL := /bin/bash
MODULES := schemas pkg services loadtest
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BIN := bin
ARGS ?=

.DEFAULT_GOAL := help
FUZZTIME ?= 20s

.PHONY: help demo build test test-race test-kafka test-console test-edges parity-signature fuzz-signature soak soak-broker bench bench-signature eval-discovery eval-behavior eval-behavior-elsewhere eval-signature eval-classification lint fuzz generate vendor-console new-detector tidy clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

demo: $(BIN)/mirador ## Run the demo: Mirador, a bank, its clients and attackers (ARGS="--once --json")
	@$(BIN)/mirador demo $(ARGS)

$(BIN)/mirador: FORCE
	@mkdir -p $(BIN)
	@CGO_ENABLED=0 go build -trimpath -o $@ ./services/cmd/mirador

FORCE:

build: ## Build every program into bin/
	@mkdir -p $(BIN)
	CGO_ENABLED=0 go build -trimpath -o $(BIN)/ ./services/cmd/...

test: ## All tests that need no more than Go and npm
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && GOWORK=off go build ./... && go test -timeout 14m ./...); done

test-race: ## The concurrent packages under the race detector. Not the demo, which is slower than its attackers then
	@set -e; \
	(cd pkg && go test -race -timeout 20m ./action/... ./capture/... ./catalog/... ./chsink/... ./config/... ./content/... ./detect/... ./dlq/... ./event/... ./finding/... ./pause/... ./policy/... ./runner/... ./snapshot/... ./stack/... ./telemetry/... ./transcript/...); \
	(cd services && go test -race -timeout 20m ./behavior/... ./classifier/... ./console/... ./discovery/... ./enforcer/... ./inspect/... ./onehost/... ./platform/... ./publish/... ./shipper/... ./signature ./signature/dfa ./signature/engine ./signature/gate ./specifications/...)

test-kafka: ## The runner and end-to-end tests on a real Apache Kafka (Docker, or Java 17 and Maven); never skips
	cd pkg && go test -count=1 -timeout 14m -tags realkafka ./stack/...
	cd pkg && MIRADOR_TEST_KAFKA=real go test -count=1 -timeout 14m ./runner/...
	cd services && MIRADOR_TEST_KAFKA=real go test -count=1 -timeout 14m ./deploytest/...
	cd loadtest && MIRADOR_TEST_KAFKA=real go test -count=1 -timeout 25m ./crash/...

test-console: ## Drive the console in headless Chromium
	cd services && go test -count=1 -timeout 10m -tags chromium ./console/...

test-edges: ## Run nginx and HAProxy with deploy/examples against the decision endpoint (apt-get install nginx haproxy)
	cd services && go test -count=1 -timeout 5m -tags edges -run 'TestNginx|TestHAProxy' ./deploytest

parity-signature: ## The signature engine against Coraza, no samples: every test and corpus at its levels
	cd services && MIRADOR_PARITY=full go test -count=1 -timeout 120m -v ./signature/parity

fuzz-signature: ## The signature engine against Coraza on transactions that a fuzzer makes up (FUZZTIME, 20s)
	cd services && go test -run '^$$' -fuzz FuzzSameAsCoraza -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./signature/parity

soak: ## 100,000 events and at least 25 faults, on kfake and on real Kafka
	cd loadtest && go test -count=1 -timeout 60m -tags soak -run Soak -v ./crash/...
	cd loadtest && MIRADOR_TEST_KAFKA=real go test -count=1 -timeout 60m -tags soak -run Soak -v ./crash/...

soak-broker: ## A lone Apache Kafka restarted and killed, again and again: a measurement, see loadtest/crash/broker_test.go
	cd loadtest && MIRADOR_TEST_KAFKA=real go test -count=1 -timeout 20m -tags soak -run Broker -v ./crash/...

bench: ## Benchmarks: events/s a core of each stage and the whole, and time to enforce
	@set -e; (cd pkg && go test -run '^$$' -bench . -benchmem ./event ./content ./catalog ./chsink ./runner ./policy); \
	(cd services && go test -run '^$$' -bench . -benchmem ./signature/... ./behavior ./discovery/... ./classifier ./enforcer ./shipper ./console); \
	(cd loadtest && go test -run '^$$' -bench . -timeout 30m ./...)

bench-signature: ## The signature engine against Coraza, one core: time, allocations, memory (ARGS="--help")
	cd loadtest && go run ./signature/bench $(ARGS)

eval-discovery: ## How well templates are learned, on operations of published APIs (ARGS="--help")
	cd loadtest && go run ./discovery $(ARGS)

eval-behavior: ## Recall of behaviour rules at a budget of false positives, beside simple means (ARGS="--help")
	cd loadtest && go run ./agents/eval $(ARGS)

eval-behavior-elsewhere: ## What behaviour rules find in APIs of another make, by mirador inspect (ARGS="--help")
	cd loadtest && go run ./elsewhere/judge $(ARGS)

eval-signature: ## What the signature detector finds, and where it alarms for nothing, beside the core rule set alone; reads MIRADOR_CORPORA (ARGS="--help")
	@mkdir -p $(BIN)
	cd loadtest && go run ./signature/train -half -o ../$(BIN)/weights-half.json && go run ./signature/quality -held-out -weights ../$(BIN)/weights-half.json $(ARGS)
	cd loadtest && go run ./signature/quality $(ARGS)

eval-classification: ## How well sensitive data is found, and gitleaks' library beside it (ARGS="--help")
	cd loadtest && go run ./classification $(ARGS)

lint: ## go vet, staticcheck and the linter, each module also without the workspace
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && GOWORK=off go vet ./... && GOWORK=off go run $(GOLANGCI) run --config ../.golangci.yaml ./...); done
	@test -z "$$(gofmt -l $(MODULES))" || { echo "gofmt these:"; gofmt -l $(MODULES); exit 1; }

fuzz: ## Every fuzz target for FUZZTIME (20s) each
	@set -e; for m in pkg services; do (cd $$m && for p in $$(grep -rlE '^func Fuzz' --include=*_test.go . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$p/*_test.go | awk '{print $$2}'); do echo "== $$m $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p; done; done); done

generate: ## Generated code: the codecs of events and partials; the description of the detections
	cd pkg && go generate ./event ./detect
	cd services && go generate ./behavior

vendor-console: ## The console's chart library from npm into the tree, pinned and checked
	services/console/vendor.sh

new-detector: ## The skeleton of a detection service: make new-detector NAME=payments
	go run ./services/cmd/new-detector -name "$(NAME)"

tidy: ## go mod tidy in every module
	@set -e; for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy); done

clean: ## Remove what building left
	rm -rf $(BIN)
