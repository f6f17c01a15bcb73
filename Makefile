# make install | run | check | audit | test | soak | bench | build | clean

PYTHON ?= python3
# make test EXTRAS=dev,torch also tries what needs PyTorch
EXTRAS ?= dev
VENV := .venv
BIN := $(VENV)/bin
RUN := .venv/.installed
comma := ,
DEV := .venv/.installed-$(subst $(comma),-,$(EXTRAS))
UV := $(shell command -v uv 2>/dev/null)

ifdef UV
install_into = VIRTUAL_ENV=$(CURDIR)/$(VENV) uv pip install --quiet --compile-bytecode --constraint requirements.lock --editable $(1)
else
install_into = $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint requirements.lock --editable $(1)
endif

.PHONY: install run check audit test soak bench build clean
.DEFAULT_GOAL := install

install: $(RUN)

run: $(RUN)
	$(BIN)/kedro run

# Three parts at the same time, for two cores: the searches mostly wait for processes of their own.
# The reports of the other two are printed when all are through. Ray takes Ctrl-C for itself, so that
# nothing may come after the searches.
PROJECT := tests/commands tests/project tests/reproducing
SEARCHES := tests/audit tests/tuning
FOLDERS := $(patsubst %/,%,$(wildcard tests/*/))
REST := $(filter-out $(PROJECT) $(SEARCHES) tests/__pycache__,$(FOLDERS)) $(wildcard tests/test_*.py)
PYTEST := $(BIN)/pytest --durations=12

test: $(DEV)
	@reports=$$(mktemp -d); \
	$(PYTEST) $(PROJECT) > $$reports/project 2>&1 & project=$$!; \
	$(PYTEST) $(SEARCHES) > $$reports/searches 2>&1 & searches=$$!; \
	$(PYTEST) $(REST); failed=$$?; \
	wait $$project || failed=1; \
	wait $$searches || failed=1; \
	cat $$reports/*; rm -rf $$reports; \
	exit $$failed

# several whole runs each, for which CI has no time: before a release, or every night, with
# EXTRAS=dev,torch and make test EXTRAS=dev,torch besides
soak: $(DEV)
	$(PYTEST) -m soak tests

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive src --configfile pyproject.toml

# known vulnerabilities of what the lock pins; asks the package index, and fails where a package cannot be looked up
audit: $(DEV)
	$(BIN)/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement requirements.lock

bench: $(DEV)
	$(BIN)/python -m benchmarks

build: $(DEV)
	$(BIN)/kedro package

# everything a run makes; never the registry, the ledger or the versions
clean:
	rm -rf data/02_intermediate/dataset.parquet data/0[3-7]_*/* data/08_reporting/plots

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Next step: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml requirements.lock | $(BIN)/python
	$(call install_into,".")
	@touch $@

$(DEV): $(RUN)
	$(call install_into,".[$(EXTRAS)]")
	@touch $@
