# Everything runs in .venv, which is set up on first use and again when pyproject.toml changes.
# Another interpreter: make PYTHON=python3.12 ...

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test test-spark fuzz lint format types check docs bench ci clean

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(READY) ## map a sample purchase and show the requests
	@$(BIN)/moemap transform --pretty examples/purchase.json

test: $(READY) ## run the engine's tests
	@$(BIN)/pytest --quiet

test-spark: .venv-spark/.ready ## run the tests of the Spark extra; needs Java 17
	@.venv-spark/bin/pytest --quiet tests/spark

fuzz: $(READY) ## run the tests on random input for long (ARGS='-k rows')
	@$(BIN)/pytest --quiet -m fuzz --hypothesis-profile=fuzz $(ARGS)

lint: $(READY) ## check style and formatting
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Some files are not formatted: make format" >&2; exit 1; }

format: $(READY) ## format the code and repair what ruff can repair
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

types: $(READY) ## check types, strictly
	@$(BIN)/mypy | sed 's#^\.venv/source/moemap/##'

check: $(READY) ## check the shipped mappings
	@$(BIN)/moemap check mappings

docs: $(READY) ## write the generated pages of docs/ anew
	@$(BIN)/moemap docs docs

bench: $(READY) ## measure; some minutes (ARGS=--quick: roughly)
	@$(BIN)/python benchmarks/run.py $(ARGS)

ci: ## run all that must hold before a change lands
	@.ci/run

clean: ## remove everything that was made, .venv too
	@rm -rf .venv .venv-spark build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "Cannot find $(PYTHON). moemap needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "moemap needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; \
		echo "Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv ..." >&2
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -qq --editable '.[dev]'
	@mkdir -p .venv/source && ln -sfn "$(CURDIR)" .venv/source/moemap
	@touch $@

.venv-spark/.ready: pyproject.toml
	@java -version >/dev/null 2>&1 || { echo "Spark needs Java 17 or newer, and there is no java." >&2; exit 1; }
	@echo "Setting up .venv-spark ..." >&2
	@test -x .venv-spark/bin/python || "$(PYTHON)" -m venv .venv-spark
	@.venv-spark/bin/python -m pip install --disable-pip-version-check -qq --editable '.[spark]' hypothesis pytest
	@touch $@
