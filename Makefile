# Every target is safe to repeat. Details are in deploy/*.sh.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PORT ?= 8000
PYTEST_ARGS ?=
# Instances are free to download but without a licence to pass on: they are not in the repository.
BEST ?=
FORMAT ?= carp
SECONDS ?= 1
SEED ?= 1

.PHONY: help run setup stop test check bench bench-plan screenshots

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: ## Set up if needed, then serve the product on http://127.0.0.1:8000 (PORT=... for another)
	@deploy/setup.sh run
	@exec deploy/run.sh

setup: ## Set up only: Python, front end, PostGIS
	@deploy/setup.sh run

stop: ## End everything `make run` started, the private database too
	@deploy/stop.sh

test: ## Run the whole test suite on a throw-away PostGIS database (PYTEST_ARGS=...)
	@deploy/setup.sh test
	.venv/bin/python -m pytest $(PYTEST_ARGS)

check: ## Lint, formatting, types, import rules, translations
	@deploy/setup.sh check
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/inspect-app translations check

bench: ## Measure planning, tiles, assignment, import and sync
	@deploy/setup.sh test
	.venv/bin/python -m benchmarks

bench-plan: ## Compare the weekly plan's search with published values (INSTANCES=folder [FORMAT=carp BEST=file SECONDS=1 SEED=1])
	@test -n "$(INSTANCES)" || { echo 'name a folder of instances: make bench-plan INSTANCES=…/gdb BEST=…/best.csv' >&2; exit 2; }
	@deploy/setup.sh check
	.venv/bin/inspect-app bench plan --format $(FORMAT) --instances $(INSTANCES) $(if $(BEST),--best $(BEST)) --seconds $(SECONDS) --seed $(SEED)

screenshots: ## Take pictures of the main pages in a real browser
	@deploy/setup.sh test
	.venv/bin/python -m tests.screenshots
