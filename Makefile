PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test lint bench lock clean

## A server with 2,000 real embeddings that answers queries (ARGS=--exit: leave after the queries).
demo: $(VENV)/.run
	$(BIN)/vecinity demo $(ARGS)

## All tests. What a test needs beyond pip it fetches into a cache folder, or it says why it is skipped.
test: $(VENV)/.dev
	$(BIN)/python -m pytest $(ARGS)

## Style, types and layer rules.
lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/sizes.py --check

## Benchmarks beside other engines; tables and plots go to docs/benchmarks
## (ARGS="PART... --data FOLDER"; without parts all of them, which takes hours).
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

## Refresh the lock files (names, versions and hashes; no addresses).
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q --upgrade pyproject.toml --group build -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q --upgrade pyproject.toml --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) .vecinity build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run
