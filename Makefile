# Everything runs from a fresh clone: each target makes .venv when it is missing.
#   make demo    train on the shipped data and write weft-demo/report.html
#   make test    lint, then run the tests in one process per core, four at most (ARGS="-k name" for a part)
#   make lint    ruff and pyright
#   make docs    build the manual into site/
# For PyTorch's small CPU build on Linux: make test TORCH_INDEX=URL, the index that PyTorch's page names for it

PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
TORCH := $(shell grep -m1 '^torch==' constraints.txt)

.PHONY: demo test lint format docs clean

demo: .venv/.weft
	$(BIN)/weft demo --out weft-demo

test: lint
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: .venv/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/pyright

docs: .venv/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: .venv/.dev
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/ruff format src tests benchmarks

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "weft needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

# PyTorch first and alone: its index and its size are its own.
.venv/.weft: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up .venv (once)"
	@$(PIP) "$(TORCH)" $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	@$(PIP) --editable .
	@touch $@

.venv/.dev: .venv/.weft
	@$(PIP) --editable ".[dev]"
	@command -v chromium >/dev/null || { command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && \
	  apt-get install -yqq chromium >/dev/null; } || echo "No chromium: the tests of the page will be skipped"
	@touch $@

clean:
	rm -rf .venv weft-demo site .pytest_cache .ruff_cache .hypothesis
