# The front door: `make` lists what there is.

CARGO ?= cargo

.PHONY: help run test setup lint unit docs bench fuzz soak
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: ## Build and start the demo
	$(CARGO) run --quiet --locked -- demo

test: setup lint unit ## Run everything that CI runs, installing what it needs

setup: ## Install what the tests need, or say what is missing
	scripts/setup

lint: ## Formatting, clippy, rustdoc
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' $(CARGO) doc --locked --no-deps --document-private-items

unit:
	$(CARGO) test --locked

bench: ## Measure
	$(CARGO) bench --locked

FUZZ_TARGETS = answer error_body accept window config_file
FUZZ_SECONDS ?= 300

fuzz: ## Fuzz each target for FUZZ_SECONDS, on nightly Rust with cargo-fuzz
	mkdir -p $(addprefix fuzz/corpus/,$(FUZZ_TARGETS))
	for target in $(FUZZ_TARGETS); do \
		$(CARGO) +nightly fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done

SOAK_SECONDS ?= 120

soak: ## Run the exporter for SOAK_SECONDS while the simulator misbehaves at random
	$(CARGO) build --locked --bin eightxeight-exporter
	$(CARGO) run --locked --example soak -- $(SOAK_SECONDS)
