# Both commands start from a bare clone: they make .venv, install, run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JAVASCRIPT := tests/docs/javascript

LOWEST := .venv-lowest

.PHONY: demo test test-everywhere lint docs install javascript

demo: install
	$(BIN)/dermdistill run --data synthetic --recipe demo --out runs/demo
	@echo "open runs/demo/report.html"

test: install javascript lint
	$(BIN)/pytest

# As on a processor without AVX, without oneDNN, with two threads, started in the background; and the light half with
# the oldest packages that pyproject.toml allows. Five times as long as `make test`.
test-everywhere: install javascript $(LOWEST)/installed
	ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE OPENBLAS_CORETYPE=Prescott $(BIN)/pytest
	DERMDISTILL_TEST_ONEDNN=off $(BIN)/pytest
	OMP_NUM_THREADS=2 $(BIN)/pytest
	trap '' INT; $(BIN)/pytest
	$(BIN)/python -c 'import pathlib, tests.conftest as c; c.write_model(pathlib.Path("$(LOWEST)/model.onnx"))'
	DERMDISTILL_TEST_MODEL=$(LOWEST)/model.onnx $(LOWEST)/bin/pytest

# The pages of docs/ as a site; a broken link or reference is an error. Needs no network once installed.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "open build/site/index.html"

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

$(LOWEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
		$$($(LOWEST)/bin/python -m tests.lowest_versions) pytest pytest-timeout pytest-xdist scikit-learn
	touch $@

# The JavaScript example of docs/deploy.md; where there is no npm its test is skipped, and says so.
javascript:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(JAVASCRIPT)/node_modules/installed; fi

$(JAVASCRIPT)/node_modules/installed: $(JAVASCRIPT)/package-lock.json
	npm ci --prefix $(JAVASCRIPT) --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
