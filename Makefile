# One command each. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml hatch_build.py $(wildcard proto/*.proto proto/grpc/*/*/*.proto)

.DEFAULT_GOAL := help
.PHONY: help compiled demo test start cluster check bench soak faults pages clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python $(SOURCES)
	@echo "Installing Ranvier and what the demo needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(VENV)/.dev: $(BIN)/python $(SOURCES)
	@echo "Installing Ranvier and what its tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.demo

# A wheel is compiled where it is installed; a tree is not, and where Python is told to write no
# bytecode every start would compile it anew: a third of what a node needs to start.
compiled: $(VENV)/.demo
	@$(BIN)/python -m compileall -q src examples

demo: compiled ## show in a minute what Ranvier does, with a real client and a kill -9
	@$(BIN)/python -m examples.demo

test: $(VENV)/.dev compiled ## run the whole suite
	@$(BIN)/python -m pytest

start: compiled ## one node in the foreground, its data in ./data
	@$(BIN)/ranvier start

cluster: compiled ## three nodes, their PostgreSQL and HAProxy in front, which stay up
	@$(BIN)/python -m examples.stay_up

check: $(VENV)/.dev ## format, lint, types and the repository's own rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/tidy

bench: $(VENV)/.dev compiled ## measure every published figure and print it beside its target
	@$(BIN)/python -m bench

soak: $(VENV)/.dev compiled ## the long proofs in full; the suite runs the same ones scaled down
	@RANVIER_SOAK=1 $(BIN)/python -m pytest -m soak --timeout 7200
	@TEST_DATABASE=postgres RANVIER_TEST_NODES=3 $(BIN)/python -m pytest tests/system/axon

faults: $(VENV)/.dev compiled ## the fault proofs in full: kills, freezes, cuts and restarts of nodes and database, full disk
	@RANVIER_SOAK=1 $(BIN)/python -m pytest tests/system/faults tests/simulation --timeout 7200

pages: ## bundle style sheets and scripts of the web pages with npm; without, the pages are plain
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later. The pages work without."; exit 1; }
	@cd pages && npm ci --silent && npm run --silent build

clean: ## remove what the other targets made, but not ./data
	@rm -rf $(VENV) pages/node_modules src/ranvier/web/static/bundle build dist src/ranvier/proto .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
