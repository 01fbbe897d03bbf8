# Everything a newcomer needs is `make demo` and `make test`; each sets up .venv by itself.
# Another interpreter: make demo PYTHON=python3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: help demo train validate models test lint ui lock clean

help:
	@echo "make demo   train, compare, explain and predict on simulated patients (about a minute once installed)"
	@echo "make train  the same on GSE157103, 100 real patients (IFN_SEVERITY_MIRROR=DIR: from a local copy)"
	@echo "make validate   leave one cohort out over the public blood cohorts, published signatures beside it"
	@echo "make models     train the released models, models/severity-*, on the public cohorts"
	@echo "make test   the tests"
	@echo "make lint   ruff, mypy and the import contracts"
	@echo "make ui     the MLflow UI on http://127.0.0.1:5000"
	@echo "make lock   resolve the lock files anew (needs uv)"

# uv where it is installed, pip elsewhere: both take the same hash-locked file
define install
	@if uv --version >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1) && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  $(BIN)/python -m pip install --quiet --require-hashes -r $(1) && \
	  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
endef

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("ifn-severity needs Python 3.11 or later, this is %d.%d: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.installed $@

demo: $(VENV)/.installed
	$(BIN)/ifn-severity demo

train: $(VENV)/.installed
	$(BIN)/ifn-severity train GSE157103

validate: $(VENV)/.installed
	$(BIN)/ifn-severity validate

models: $(VENV)/.installed
	$(BIN)/ifn-severity release
	$(BIN)/python tools/write_released_table.py

ui: $(VENV)/.installed
	$(BIN)/ifn-severity ui

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" -c constraints.in \
	  --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" \
	  --group dev -c constraints.in -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
