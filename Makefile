# The front door: `make` lists what there is.

CARGO ?= cargo

.PHONY: help run test setup lint unit docs bench microbench
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

bench: ## Measure, beside nginx, Pushgateway and a Python exporter
	scripts/setup bench
	PATH="$$PATH:/usr/sbin" bench/run

microbench: ## Measure the parts: decoding, rendering, compressing, splicing, negotiating
	$(CARGO) bench --locked --bench decode --bench exposition
