# `make` alone lists the targets. Options for SwiftPM: make test SWIFT_FLAGS="--scratch-path /tmp/build"
SWIFT ?= swift
SWIFT_FLAGS ?=
PREFIX ?= /usr/local
DEMO_FLAGS ?=
BENCH_FLAGS ?=
SOURCES = Package.swift Sources Tests

.DEFAULT_GOAL := help
.PHONY: help demo picture build release test test-cluster bench format lint check-image install clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Descry's main job in half a minute, on an embedded cluster; DEMO_FLAGS=--keep leaves it running
	scripts/system-packages
	$(SWIFT) build --product descry $(SWIFT_FLAGS)
	@"$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/descry" demo $(DEMO_FLAGS)

picture: ## the README's picture, docs/demo.svg, from the demo's real output
	$(SWIFT) build --product descry $(SWIFT_FLAGS)
	scripts/render-demo "$$($(SWIFT) build --show-bin-path $(SWIFT_FLAGS))/descry"

build: ## debug build of everything, tests included
	$(SWIFT) build --build-tests $(SWIFT_FLAGS)

# Without the table of all symbols, which nothing looks up, the linker leaves out what is not used: a tenth of the binary, and of its memory.
release: ## optimised binary with the Swift runtime linked in, stripped: .build/release/descry
	$(SWIFT) build --configuration release --product descry --static-swift-stdlib -Xlinker --no-export-dynamic $(SWIFT_FLAGS)
	strip "$$($(SWIFT) build --configuration release --show-bin-path $(SWIFT_FLAGS))/descry"

test: ## every suite that needs no Kubernetes API server; says which were left out and why
	scripts/test --skip ClusterTests $(SWIFT_FLAGS)

test-cluster: ## the suites against a real Kubernetes API server, which is started for them
	$(SWIFT) build --build-tests $(SWIFT_FLAGS)
	# Each with a control plane of its own: beside the crash points' many processes the others would come to their deadlines.
	scripts/control-plane/with scripts/test --skip-build --filter ClusterTests.ConformanceTests $(SWIFT_FLAGS)
	scripts/control-plane/with scripts/test --skip-build --filter ClusterTests --skip ConformanceTests --skip CrashPointTests $(SWIFT_FLAGS)
	scripts/control-plane/with scripts/test --skip-build --filter ClusterTests.CrashPointTests $(SWIFT_FLAGS)

bench: release ## the design's budgets, measured on this machine, into docs/performance.md; BENCH_FLAGS="--rounds 3"
	Benchmarks/run --descry "$$($(SWIFT) build --configuration release --show-bin-path $(SWIFT_FLAGS))/descry" $(BENCH_FLAGS)

format: ## format the sources in place
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

lint: ## check format, scripts, forbidden constructs and links in the documentation
	scripts/lint

check-image: release ## on Debian 12: whether the Dockerfile's packages give the release binary all it needs
	scripts/check-image "$$($(SWIFT) build --configuration release --show-bin-path $(SWIFT_FLAGS))/descry"

install: release ## install descry into $(PREFIX)/bin
	install -D -m 755 "$$($(SWIFT) build --configuration release --show-bin-path $(SWIFT_FLAGS))/descry" "$(DESTDIR)$(PREFIX)/bin/descry"

clean: ## remove what was built
	$(SWIFT) package clean
