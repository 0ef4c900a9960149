# Both commands start from a bare clone: they make .venv, install, run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JAVASCRIPT := tests/docs/javascript

.PHONY: demo test lint install javascript

demo: install
	$(BIN)/dermdistill run --data synthetic --recipe demo --out runs/demo
	@echo "open runs/demo/report.html"

test: install javascript lint
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

# The JavaScript example of docs/deploy.md; where there is no npm its test is skipped, and says so.
javascript:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(JAVASCRIPT)/node_modules/installed; fi

$(JAVASCRIPT)/node_modules/installed: $(JAVASCRIPT)/package-lock.json
	npm ci --prefix $(JAVASCRIPT) --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
