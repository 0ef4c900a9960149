# Both commands start from a bare clone: they make .venv, install, run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint install

demo: install
	$(BIN)/dermdistill run --data synthetic --recipe demo --out runs/demo
	@echo "open runs/demo/report.html"

test: install lint
	$(BIN)/pytest

lint: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
