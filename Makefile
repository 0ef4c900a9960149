# Both commands start from a bare clone: they make .venv, install, run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JAVASCRIPT := tests/docs/javascript
WEB := web

LOWEST := .venv-lowest

# Hundreds of processes of the tests import the package: they share what Python compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-everywhere suite lint style types docs page install javascript chromium

demo: install
	$(BIN)/dermdistill run --data synthetic --recipe demo --output runs/demo
	@echo "open runs/demo/report.html"

# mypy takes one core: the tests begin beside it.
test: install javascript chromium style
	@$(MAKE) --no-print-directory -j2 types suite

suite: install
	$(BIN)/pytest

# As on a processor without AVX, without oneDNN, with two threads (and a training on a cluster that is killed), started
# in the background; and the light half with the oldest packages that pyproject.toml allows. Five times as long as
# `make test`.
test-everywhere: install javascript chromium $(LOWEST)/installed
	ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE OPENBLAS_CORETYPE=Prescott $(BIN)/pytest
	DERMDISTILL_TEST_ONEDNN=off $(BIN)/pytest
	OMP_NUM_THREADS=2 DERMDISTILL_TEST_CLUSTER=1 $(BIN)/pytest
	trap '' INT; $(BIN)/pytest
	$(BIN)/python -c 'import pathlib, tests.conftest as c; c.write_model(pathlib.Path("$(LOWEST)/model.onnx"))'
	DERMDISTILL_TEST_MODEL=$(LOWEST)/model.onnx $(LOWEST)/bin/pytest

# The pages of docs/ as a site; a broken link or reference is an error. Needs no network once installed.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "open build/site/index.html"

lint: style types

style: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

$(LOWEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
		$$($(LOWEST)/bin/python -m tests.lowest_versions) pytest pytest-timeout pytest-xdist scikit-learn h5py
	touch $@

# What `dermdistill page` puts a model into, from the sources in web/; the same bytes every time.
page: $(WEB)/node_modules/installed
	npm run --prefix $(WEB) check
	npm run --prefix $(WEB) build

# The JavaScript example of docs/deploy.md, and the page; where there is no npm their tests are skipped, and say so.
javascript:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(JAVASCRIPT)/node_modules/installed \
		$(WEB)/node_modules/installed; fi

%/node_modules/installed: %/package-lock.json
	npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

# The browser that the tests of the page run in; where it is neither there nor may be installed, they are skipped.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium; } || \
		echo "no Chromium: the tests of the page in a browser are skipped"
