# Everything runs in .venv, which is set up on first use and again when pyproject.toml or the lock changes. What is
# installed there, and in which version, is locked in requirements/ with hashes: a release elsewhere changes nothing.
# Another interpreter: make PYTHON=python3.12 ...

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
FREEZE := -m pip --disable-pip-version-check freeze --exclude-editable
PYTEST := pytest --quiet --numprocesses auto --dist worksteal --durations 10 --durations-min 1
PIP_INSTALL := -m pip install --disable-pip-version-check -qq
LOCKED := $(PIP_INSTALL) --require-hashes --requirement

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
# Compiled modules are kept beside what is installed, so that tests and the processes they start compile nothing twice.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/bytecode
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help demo demo-delivery test fast test-spark test-postgres test-image test-interface test-browser test-editors vscode fuzz newest lint format types check docs pins studio pictures bench lock ci clean

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(READY) ## map a sample purchase and show the requests
	@$(BIN)/moemap transform --pretty examples/purchase.json

demo-delivery: $(READY) ## deliver to a fake MoEngage, kill the sender in between, show the ledger
	@$(BIN)/python examples/delivery/demo.py

test: $(READY) ## run the engine's tests, and say which were slow
	@$(BIN)/$(PYTEST) $(ARGS)

fast: $(READY) ## run all of them but the slow ones
	@$(BIN)/$(PYTEST) -m 'not slow' $(ARGS)

test-spark: .venv-spark/.ready ## run the tests of the Spark extra; needs Java 17
	@.venv-spark/bin/pytest --quiet tests/spark

test-postgres: $(READY) ## run the tests of the outbox in PostgreSQL; needs its server installed
	@$(BIN)/pytest --quiet tests/postgres $(ARGS)

test-image: $(READY) ## run the steps of the Dockerfile without docker, and what they build; needs the network
	@$(BIN)/pytest --quiet tests/deploy $(ARGS)

test-interface: .venv-interface/.ready ## attack the service by its OpenAPI description
	@.venv-interface/bin/pytest --quiet tests/interface $(ARGS)

test-browser: $(READY) tests/browser/node_modules/.ready ## open the HTML pages in a browser; needs Chromium
	@$(BIN)/python -c 'import sys; from moemap.tests.browser.chromium import found; sys.exit(found() is None)' || { \
		echo "There is no Chromium or Chrome to open pages in." >&2; exit 1; }
	@$(BIN)/pytest --quiet tests/browser $(ARGS)

test-editors: $(READY) .venv-editors/.ready vscode ## test the language server in editors, and the extension for VS Code; needs npm and Neovim
	@$(BIN)/pytest --quiet tests/editors $(ARGS)
	@.venv-editors/bin/pytest --quiet tests/client

vscode: editors/vscode/node_modules/.ready ## build the extension for VS Code, editors/vscode/dist/moemap.vsix; needs npm
	@npm run --prefix editors/vscode --silent package >/dev/null

fuzz: $(READY) ## run the tests on random input for long (ARGS='-k rows')
	@$(BIN)/pytest --quiet -m fuzz --hypothesis-profile=fuzz $(ARGS)

newest: $(READY) ## run the engine's tests with the newest release of everything, in .venv-newest
	@test -x .venv-newest/bin/python || "$(PYTHON)" -m venv .venv-newest
	@.venv-newest/bin/python $(PIP_INSTALL) --upgrade --upgrade-strategy eager --editable '.[dev]'
	@newest=$$(.venv-newest/bin/python $(FREEZE)); locked=$$($(BIN)/python $(FREEZE)); \
	if grep -v ^types- <<<"$$newest" | grep -vxF "$$locked"; then \
		.venv-newest/bin/$(PYTEST) $(ARGS); \
	else \
		echo "The lock has the newest release of everything (but for stubs): make test runs with it."; \
	fi

lint: $(READY) ## check style and formatting
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Some files are not formatted: make format" >&2; exit 1; }

format: $(READY) ## format the code and the rules, and repair what ruff can repair
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .
	@$(BIN)/moemap fmt -q mappings examples

types: $(READY) ## check types, strictly
	@$(BIN)/mypy | sed 's#^\.venv/source/moemap/##'

check: $(READY) ## check the shipped mappings
	@$(BIN)/moemap check mappings

docs: $(READY) ## write the generated pages of docs/ anew
	@$(BIN)/moemap docs --reference docs

pins: $(READY) ## pin the code that is generated of the shipped mappings and of random ones, after a change of it
	@rm -f tests/engine/compiler/sources.json
	@MOEMAP_PINS=write $(BIN)/pytest --quiet -n0 tests/engine/compiler/test_pinned_sources.py

studio: engine/studio/web/node_modules/.ready ## build the page of Studio from engine/studio/web
	@npm run --silent build --prefix engine/studio/web

pictures: $(READY) tests/browser/node_modules/.ready ## make the pictures of docs/images anew, in Chromium; also needs Neovim
	@MOEMAP_PICTURES=docs/images $(BIN)/pytest --quiet -n0 tests/browser/test_pictures.py

bench: $(READY) ## measure; some minutes (ARGS=--quick: roughly)
	@$(BIN)/python benchmarks/run.py $(ARGS)

lock: ## lock the versions of all that is installed (ARGS=--upgrade: the newest)
	@"$(PYTHON)" requirements/lock.py $(ARGS)

ci: ## run all that must hold before a change lands
	@.ci/run

clean: ## remove everything that was made, .venv too
	@rm -rf .venv .venv-spark .venv-editors .venv-interface .venv-newest tests/browser/node_modules engine/studio/web/node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements/build.txt requirements/dev.txt
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "Cannot find $(PYTHON). moemap needs Python 3.11 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "moemap needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" --version 2>&1)." >&2; \
		echo "Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv ..." >&2
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(BIN)/python $(LOCKED) requirements/build.txt
	@$(BIN)/python $(LOCKED) requirements/dev.txt
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@mkdir -p .venv/source && ln -sfn "$(CURDIR)" .venv/source/moemap
	@touch $@

.venv-spark/.ready: pyproject.toml requirements/build.txt requirements/spark.txt
	@java -version >/dev/null 2>&1 || { echo "Spark needs Java 17 or newer, and there is no java." >&2; exit 1; }
	@echo "Setting up .venv-spark ..." >&2
	@test -x .venv-spark/bin/python || "$(PYTHON)" -m venv .venv-spark
	@.venv-spark/bin/python $(LOCKED) requirements/build.txt
	@.venv-spark/bin/python $(LOCKED) requirements/spark.txt --no-build-isolation
	@.venv-spark/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv-%/.ready: pyproject.toml requirements/build.txt requirements/%.txt
	@echo "Setting up .venv-$* ..." >&2
	@test -x .venv-$*/bin/python || "$(PYTHON)" -m venv .venv-$*
	@.venv-$*/bin/python $(LOCKED) requirements/build.txt
	@.venv-$*/bin/python $(LOCKED) requirements/$*.txt
	@.venv-$*/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# Versions and hashes are locked. In tests/browser, axe-core looks for barriers in pages, and xterm.js shows a terminal.
%/node_modules/.ready: %/package-lock.json
	@npm ci --prefix $* --ignore-scripts --no-audit --no-fund --silent
	@touch $@
