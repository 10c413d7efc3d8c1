# `make help` lists the targets. `make test` and `make run` need Go and make only; `make check`, which is what
# CI runs, also needs a C compiler (for the race detector), git, node, curl and wrk: .ci/run installs them.

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The wasm side. The tool in wasm/build has flags of its own for the artifact that is committed.
WASM       := GOOS=wasip1 GOARCH=wasm
WASM_FLAGS := -buildmode=c-shared -trimpath -ldflags='-s -w'
WASM_PKGS  := ./abi/... ./guest/... ./wasm/stack/... ./examples/...

PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# Where the loop has a poller of its own too. The rest is what it is on the others.
POLLERS := freebsd/amd64 netbsd/amd64 openbsd/amd64 dragonfly/amd64

EXAMPLES := $(patsubst examples/%/main.go,%,$(wildcard examples/*/main.go))

ADDR     ?= 127.0.0.1:8080
FUZZTIME ?= 10s
SOAK     ?= 10m
TESTFLAGS ?=
BENCHFLAGS ?=

EXE := $(shell go env GOEXE)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build examples run test race fuzz bench bench-peers soak generate profile artifact check \
	tools format format-check vet lint cross artifact-check clean FORCE

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the command line into bin/
	go build -trimpath -o bin/porthole$(EXE) ./host/cmd/porthole

examples: $(EXAMPLES:%=build/%.wasm) ## build every example into build/

build/%.wasm: FORCE
	$(WASM) go build $(WASM_FLAGS) -o $@ ./examples/$*

run: build build/hello.wasm ## serve the hello handler on ADDR, 127.0.0.1:8080
	exec bin/porthole$(EXE) serve --listen $(ADDR) build/hello.wasm

test: ## run all tests
	go test $(TESTFLAGS) ./...

# Not the comparison with Node: it is one of order, on one goroutine, and its bodies of megabytes take too long here. Nor the examples
# and the programs of others, whose own code runs in sandboxes, and which take minutes to compile. What is repeated a hundred thousand times is
# repeated less often.
race: ## run the tests under the race detector
	go test -race -short -skip '^TestEvents$$' $(TESTFLAGS) $$(go list ./... | grep -v -e /examples -e /tests/wasi)

fuzz: ## run every fuzz target for FUZZTIME, 10s
	@grep -rlE --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | cut -c6- | sort -u); do \
			echo "$$dir $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir" || exit 1; \
		done; \
	done

bench: build ## measure the server beside net/http and Node; BENCHFLAGS='-rounds 1'
	go -C tests/bench run . -porthole $(CURDIR)/bin/porthole$(EXE) -case quick $(BENCHFLAGS)

bench-peers: build ## all cases beside all peers, with the targets; BENCHFLAGS='-case hello,echo'
	go -C tests/bench run . -porthole $(CURDIR)/bin/porthole$(EXE) $(BENCHFLAGS)

soak: build/hello.wasm build/upload.wasm ## ten minutes of mixed traffic, faults and reloads; SOAK=1m for one
	go run ./tests/soak -time $(SOAK)

generate: ## run go generate
	go generate ./...

# Of calls that a profile shows to be hot, Go's compiler inlines larger ones. It finds the profiles by their names. What the host spends its time with is
# to compile modules when it starts, and then exchanges.
profile: ## measure anew what is hot in the stack and in the command, for their builds
	@dir=$$(mktemp -d) && \
	measure() { go test -trimpath ./$$1 -run '^$$' -bench $$2 -benchtime $$3 -o $$dir/test -cpuprofile $$dir/$$4; } && \
	measure guest/stack Exchange 1s stack.1 && \
	measure guest/stack/h1 . 2s stack.2 && \
	measure host/internal/sandbox Compile/cold 10s command.1 && \
	measure host/internal/shard Hello 2s command.2 && \
	measure internal/netloop Echo/loop 1s command.3 && \
	go tool pprof -proto -output wasm/stack/default.pgo $$dir/stack.* && \
	go tool pprof -proto -output host/cmd/porthole/default.pgo $$dir/command.* && rm -r $$dir

artifact: ## rebuild stack.wasm and its record
	go run ./wasm/build

format: ## format the Go sources
	gofmt -w .

check: export PORTHOLE_REQUIRE_PEERS = 1
check: tools format-check generate vet lint test race cross artifact-check bench-check ## all of CI
	git diff --exit-code

clean: ## remove what was built
	rm -rf bin build

# What `check` is made of.

tools:
	@for tool in git gcc node curl wrk; do \
		command -v $$tool >/dev/null || { echo "make check needs $$tool" >&2; exit 1; }; \
	done

format-check:
	@files=$$(gofmt -l .); test -z "$$files" || { echo "not formatted (make format):"; echo "$$files"; exit 1; } >&2

vet:
	go vet ./...

# The second run, with vet among its linters, sees the files that are built for wasm only. The tests beside them
# are native, and what they export to the host looks unused.
lint:
	go run $(GOLANGCI) run ./...
	go run -exec 'env $(WASM)' $(GOLANGCI) run --tests=false -D unused $(WASM_PKGS)

cross:
	@for platform in $(PLATFORMS); do \
		echo "build for $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 go build -pgo=off ./abi/... ./guest/... ./internal/... ./host/... || exit 1; \
	done
	@for platform in $(POLLERS); do \
		echo "vet the loop for $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0 go vet ./internal/netloop || exit 1; \
	done

artifact-check:
	go run ./wasm/build -check -reproduce

# A module of its own, so that what it compares with is nothing that Porthole needs. It reads /proc, and so is for Linux.
bench-check:
	cd tests/bench && go vet ./... && $(WASM) go vet ./guests/... ./handlers/... && go test ./... && go run $(GOLANGCI) run ./...
