# `make run` and `make test` do all the set-up they need, and only once.
VENV ?= .venv
PYTHON ?= python3
PY := $(VENV)/bin/python
NPM := $(shell command -v npm || echo $(VENV)/bin/npm)
READY := $(VENV)/.installed node_modules/.installed
# Without those that want data, or another project, of their own: make bench BENCH=classification ARGS="--data columns.parquet"
BENCH ?= $(filter-out calibration classification free_text ground labelled osiraa peers schemes sql_lineage faults,$(patsubst benchmarks/%.py,%,$(wildcard benchmarks/[a-z]*.py)))
PACKAGES := governance catalog retention erasure audit
# What a deployment would set: checks must not read this folder's own console.
DEPLOYED = CONSOLE_VAR=$(VENV)/no-console PUBLIC_URL=https://privacy.example.org SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')

.PHONY: run test lint screenshots bench format clean
.DELETE_ON_ERROR:

run: $(READY)  ## the console with its own servers; ARGS="--port 9000 --no-demo"
	@$(PY) manage.py up $(ARGS)

test: $(READY)  ## the whole suite with the servers it needs; ARGS="tests/catalog -k csv"
	$(PY) -m pytest $(ARGS)

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	find templates -name '*.html' -exec $(VENV)/bin/djade --check --target-version 5.2 {} +
	$(PY) -m mypy $(PACKAGES) manage.py
	$(VENV)/bin/lint-imports
	$(DEPLOYED) $(PY) manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING

format: $(READY)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	find templates -name '*.html' -exec $(VENV)/bin/djade --target-version 5.2 {} +

screenshots: $(READY)  ## the pictures of the README, taken by the browser test
	SCREENSHOTS=docs/screenshots $(PY) -m pytest tests/e2e

bench: $(READY)  ## each file of benchmarks/, one after the other; BENCH=erasure for one of them
	@set -e; for name in $(BENCH); do $(PY) -m benchmarks.$$name $(ARGS); done

clean:  ## what set-up made; the console's data in var/ stay
	rm -rf $(VENV) node_modules staticfiles *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, as in: make PYTHON=/usr/bin/python3.11 run" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# npm, where the machine has none, comes with the extra [embedded].
node_modules/.installed: package.json package-lock.json .npmrc | $(VENV)/.installed
	$(NPM) ci --silent
	@touch $@
