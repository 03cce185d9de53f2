# Every target is safe to repeat. Details are in deploy/*.sh.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PORT ?= 8000
PYTEST_ARGS ?=
# Instances are free to download but without a licence to pass on: they are not in the repository.
SETS ?=
SECONDS ?=
SEED ?= 1
SIZE ?= ci
WITHOUT ?=

.PHONY: help run setup stop test check bench bench-plan chaos screenshots

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
ifdef PYTEST_ARGS
	.venv/bin/python -m pytest $(PYTEST_ARGS)
else
	@# Side by side but for the browser's, whose pages are timed; both are run to their end.
	others=0; .venv/bin/python -m pytest -m "not browser" -n auto --dist loadfile || others=$$?; \
		.venv/bin/python -m pytest -m browser && exit $$others
endif

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

bench-plan: ## Compare the weekly plan's search with published values and PyVRP, then on generated counties (SETS=folder [SECONDS=1 SEED=1])
	@deploy/setup.sh test
	@missed=0; \
	if [ -n "$(SETS)" ]; then \
		.venv/bin/inspect-app bench sets "$(SETS)" --pyvrp --bound $(if $(SECONDS),--seconds $(SECONDS)) --seed $(SEED) || missed=1; \
	else \
		echo 'no published sets: name their folder with SETS=… (README, Benchmarks)'; \
	fi; \
	.venv/bin/python -m benchmarks plan; \
	exit $$missed

chaos: ## Kill, starve and cut off tablets and the server, then count what was lost (SIZE=ci|release WITHOUT=a safeguard)
	@deploy/setup.sh test
	.venv/bin/python -m benchmarks.chaos --size $(SIZE) $(if $(WITHOUT),--without $(WITHOUT))

screenshots: ## Take pictures of the main pages in a real browser
	@deploy/setup.sh test
	.venv/bin/python -m tests.screenshots
