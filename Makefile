# The front door: `make` lists what there is.

CARGO ?= cargo

.PHONY: help run test setup lint unit deployment engines alert-quality mutants docs bench bench-dashboards microbench pictures image image-test compose-test fuzz soak dist package-test deny crates release-setup release-check
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: ## Build and start the demo
	$(CARGO) run --locked -- demo

test: setup lint unit deployment ## Run everything that CI runs; installs Debian packages, takes some 20 minutes

setup: ## Install what the tests need, or say what is missing
	scripts/setup

lint: ## Formatting, clippy, rustdoc
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items

unit: ## The tests of the program
	$(CARGO) test --locked --workspace

deployment: ## Check deploy/ and grafana/: generated files, rules and their tests, configurations
	deploy/check
	deploy/check-deployments

engines: ## Test with Prometheus 3, newer Alertmanager and VictoriaMetrics, which it fetches; needs Debian, takes half an hour
	deploy/engines

alert-quality: ## Judge the alerts over simulated years, and the judge by broken rules; writes the table of docs/runbooks.md
	deploy/alert-quality/run --long --write
	deploy/alert-quality/run --faults

mutants: ## Break the rules, one fault at a time, and demand that their tests notice
	$(CARGO) xtask mutate

docs: ## Write what is checked in and follows from other files: tables of the documentation, rules for Kubernetes, dashboards
	$(CARGO) xtask docs
	scripts/dashboards

pictures: ## Draw docs/images; RENDER names the program that draws a dashboard file
	scripts/pictures

IMAGE ?= eightxeight-exporter
# buildah or docker, whichever is there.
BUILDER ?= $(shell command -v docker >/dev/null && echo docker build || echo buildah build --format docker)

image: ## Build the container image; IMAGE names it, BUILDER builds it
	$(BUILDER) --tag $(IMAGE) --build-arg REVISION=$$(git rev-parse --short=12 HEAD) \
		--build-arg VERSION=$$(sed -n '/^version = /{s/.*"\(.*\)"/\1/p;q}' Cargo.toml) \
		--build-arg REPOSITORY=$$(scripts/address) .

image-test: ## Build the image from stand-in base images and run it; needs root, Debian, buildah, debootstrap
	deploy/image-test

compose-test: ## Run deploy/compose on a Docker engine, without a registry; needs root, Debian, docker.io
	deploy/compose-test

dist: ## Write tarball, packages, chart and checksums to target/dist; needs cargo-deb and cargo-generate-rpm
	scripts/dist

package-test: dist ## Install the package on a Debian and try it; needs root, Debian, debootstrap, rpm, systemd-container
	deploy/package-test

deny: ## Check the licences, origins and bans of what it is built from; needs cargo-deny
	@$(CARGO) deny --version >/dev/null 2>&1 || \
		{ echo "This check needs cargo-deny:  cargo install --locked cargo-deny" >&2; exit 1; }
	$(CARGO) deny --locked check bans licenses sources

crates: ## Build each crate as it would be published; needs the registry
	$(CARGO) publish --workspace --dry-run --locked --target-dir target/crates

release-setup:
	scripts/setup release
	@scripts/address --final >/dev/null || true

release-check: release-setup test engines alert-quality mutants deny crates image-test compose-test package-test fuzz soak ## Run all that a release has to pass
	scripts/address --final

bench: ## Measure, beside nginx, Pushgateway and a Python exporter
	scripts/setup bench
	PATH="$$PATH:/usr/sbin" bench/run

bench-dashboards: ## Measure the dashboards' queries over 60 PBXs and 30 days; needs Debian's prometheus
	bench/dashboards.py

microbench: ## Measure the parts: decoding, rendering, compressing, splicing, negotiating, the status page
	$(CARGO) bench --locked --bench decode --bench exposition --bench status

FUZZ_TARGETS = accept answer config_file error_body proxy retry_after web_config window
FUZZ_SECONDS ?= 300

fuzz: ## Fuzz each target for FUZZ_SECONDS, on nightly Rust with cargo-fuzz
	@rustup run nightly cargo --version >/dev/null 2>&1 || \
		{ echo 'Nightly Rust is missing:  rustup toolchain install nightly --profile minimal' >&2; exit 1; }
	@command -v cargo-fuzz >/dev/null || \
		{ echo 'cargo-fuzz is missing:  cargo install --locked cargo-fuzz' >&2; exit 1; }
	mkdir -p $(addprefix fuzz/corpus/,$(FUZZ_TARGETS))
	for target in $(FUZZ_TARGETS); do \
		rustup run nightly cargo fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done

SOAK_SECONDS ?= 240
SOAK_DAYS ?= 3
SOAK_SEED ?= 1

soak: ## Run the exporter for SOAK_SECONDS, then SOAK_DAYS by a fast clock, while the simulator misbehaves
	scripts/setup soak
	$(CARGO) build --locked --bin eightxeight-exporter
	$(CARGO) xtask soak $(SOAK_SECONDS) $(SOAK_DAYS) $(SOAK_SEED)
