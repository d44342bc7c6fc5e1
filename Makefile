# The project's commands. `make` alone lists them.
# Nothing but the installs (.venv, .venv-next, lock) needs a network.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
SITE ?= site
WORKERS ?= 2

# Versions come from the lock files only; Python from the machine only.
export UV_PYTHON_DOWNLOADS := never
UV := .venv/bin/uv
SYNC := pip sync --quiet --require-hashes --compile-bytecode
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock'
PYTEST = .venv/bin/python -m pytest

.PHONY: help run test test-browser dashboard check docs bench test-next lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' Makefile

run: .venv/.run ## Install, write a sample site to ./site unless it is there, run the night on it
	@if [ ! -e "$(SITE)/site.toml" ]; then .venv/bin/accord sample "$(SITE)"; fi
	@.venv/bin/accord nightly --site "$(SITE)"
	@echo "Dashboard: make dashboard"

test: .venv/.dev ## Install, run the quick suite; browser tests too where Chromium is found
	@$(PYTEST) -n $(WORKERS) --dist loadfile

test-browser: .venv/.dev ## Run the browser tests; fails without Chromium
	@ACCORD_BROWSER=required $(PYTEST) -m browser

dashboard: .venv/.run ## Serve the dashboard of ./site on this machine
	@.venv/bin/accord dashboard --site "$(SITE)"

check: .venv/.dev ## Lint, formatting and types
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

docs: .venv/.run ## Write the generated pages of docs/ anew: instruments, figures and rules
	@.venv/bin/python -m flows.docs docs

bench: .venv/.dev ## Measure: time and memory, beside plain DuckDB
	@$(PYTEST) -m bench -s

test-next: .venv-next/.dev ## Run the quick suite on DuckDB 2.0, in .venv-next
	@.venv-next/bin/python -m pytest -n $(WORKERS) --dist loadfile

lock: .venv/.uv ## Make the lock files anew from pyproject.toml (needs a network)
	@$(LOCK) pyproject.toml --group install --output-file requirements.txt
	@$(LOCK) pyproject.toml --group install --group dev --constraint requirements.txt \
		--output-file requirements-dev.txt
	@echo 'duckdb==2.0.0' | $(LOCK) - --no-deps --no-annotate --output-file requirements-duckdb2.txt
	@echo 'uv==0.13.9' | $(LOCK) - --no-deps --no-annotate --output-file requirements-uv.txt

clean: ## Remove the venvs and caches; the site stays
	@rm -rf .venv .venv-next .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find flows schemas warehouse dashboards tests -name __pycache__ -type d -prune -exec rm -rf {} +

# pip only brings uv: the pip of Python 3.11 refuses correct lock files, and is slow.
.venv/.uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit( \
		f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	@echo "Installing into .venv ..."
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements-uv.txt
	@touch $@

# The development set holds the run set: once it is in, `make run` installs nothing.
.venv/.run: .venv/.uv requirements.txt pyproject.toml
	@rm -f .venv/.run .venv/.dev
	@$(UV) $(SYNC) --python .venv/bin/python requirements.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv/bin/python --editable .
	@touch .venv/.run

.venv/.dev: .venv/.uv requirements.txt requirements-dev.txt pyproject.toml
	@rm -f .venv/.run .venv/.dev
	@$(UV) $(SYNC) --python .venv/bin/python requirements-dev.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv/bin/python --editable .
	@touch .venv/.run .venv/.dev

.venv-next/.dev: .venv/.uv requirements-dev.txt requirements-duckdb2.txt pyproject.toml
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-next
	@$(UV) $(SYNC) --python .venv-next/bin/python requirements-dev.txt
	@$(UV) pip install --quiet --no-deps --require-hashes --compile-bytecode \
		--python .venv-next/bin/python --requirement requirements-duckdb2.txt
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv-next/bin/python --editable .
	@touch $@
