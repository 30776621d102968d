# Needs Python 3.11 to 3.13, make and a package registry; nothing else.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info < (3,14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CAPTURES ?=
STUDY ?=
DATA_DIR ?=
PORT ?=
# Files in the order of their names: whole runs (tests/integration) first, so that the many short files at the end fill
# both workers. By default the files with fewest tests come last, and those are the longest (2026-11-27).
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder
OPTIONS := $(if $(DATA_DIR),--data-dir $(DATA_DIR)) 

.PHONY: help install run ui status superset superset-stop superset-check test test-all lint format conformance bench docs site clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP)  ## the virtual environment, from the hash-pinned lock

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found on PATH."; exit 1; }
	@echo "Installing into $(VENV) (about a minute, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP)  ## everything, on CAPTURES="a.zip b.jsonl" or on the synthetic demo
	@$(BIN)/suara run $(OPTIONS) $(if $(STUDY),--study $(STUDY)) $(if $(CAPTURES),$(CAPTURES),--demo)

ui: $(STAMP)  ## the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/suara ui $(OPTIONS)

status: $(STAMP)  ## what is loaded, gated and published
	@$(BIN)/suara status $(OPTIONS)

superset: $(STAMP)  ## Apache Superset with the dashboards on http://127.0.0.1:8088, in an environment of its own
	@$(BIN)/python -m bi.superset start $(OPTIONS) $(if $(PORT),--port $(PORT))

superset-stop: $(STAMP)  ## end it
	@$(BIN)/python -m bi.superset stop $(OPTIONS)

superset-check: $(STAMP)  ## every chart and dashboard, in a temporary folder, while a publish happens
	@$(BIN)/python -m bi.superset check

lint: $(STAMP)  ## style, types of imports, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache

format: $(STAMP)  ## rewrite to the style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

test: lint  ## lint and the tests; real data where ../shared/data is, the UI where Chromium is
	@$(BIN)/python -m pytest $(WORKERS) -rs

test-all: lint  ## the same, and more real packages, each in a warehouse of its own
	@$(BIN)/python -m pytest $(WORKERS) -rs -m ""

conformance: $(STAMP)  ## hashtags, mentions, links from text beside the public conformance suite
	@$(BIN)/python -m tests.conformance

bench: $(STAMP)  ## ratios against a bare read (whole runs, loads of each source), memory, shares of the steps, what privacy costs
	@$(BIN)/python -m bench

docs: $(STAMP)  ## write docs/reference from the models, the gates and the commands
	@$(BIN)/python -m docs.generate

site: $(STAMP)  ## the docs as a browsable site in site/ (needs the extra docs)
	@$(BIN)/python -m docs.site

clean:  ## the virtual environments and everything generated; data/ stays
	rm -rf $(VENV) bi/superset/.venv site dbt_project/target dbt_project/logs .ruff_cache .pytest_cache
