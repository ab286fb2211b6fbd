# liandong: `make` lists the targets, `make run` starts everything, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PROTOS := $(shell find protos -name '*.proto' 2>/dev/null)
STAMP := libs/liandong/py.typed

.DEFAULT_GOAL := help
.PHONY: help setup run test check fmt lint types protos clean

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) $(STAMP) ## the virtual environment with everything that is pinned

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make a virtual environment here; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "installing the pinned packages (about a minute the first time) …"
	@$(BIN)/python -m pip install -q --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --no-build-isolation --no-deps -e .
	@touch $@

$(STAMP): $(PROTOS) deploy/build_protos.py | $(READY)
	@$(BIN)/python deploy/build_protos.py

protos: $(STAMP) ## generate libs/liandong from protos/

run: setup ## start Kafka, PostgreSQL, the demo city and every service; Ctrl-C stops
	@$(BIN)/liandong up

test: setup ## the whole suite, with a real Kafka and a real PostgreSQL
	@$(BIN)/pytest

check: lint types test ## everything CI looks at

fmt: setup ## format the code and the contracts
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix -q . && $(BIN)/buf format -w

lint: setup ## ruff, import-linter, buf
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && $(BIN)/lint-imports --no-cache && $(BIN)/buf lint

types: setup ## mypy --strict
	@$(BIN)/mypy

clean: ## forget the virtual environment and what was generated (data in .run stays)
	@rm -rf $(VENV) libs/liandong .mypy_cache .ruff_cache .pytest_cache
