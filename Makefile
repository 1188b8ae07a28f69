# `make demo` runs the quickstart for real; `make test` runs everything CI runs. Only Python >= 3.11 is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := pyproject.toml constraints.txt $(wildcard widgets/package*.json widgets/*.mjs widgets/tsconfig.json widgets/src/*)

.PHONY: help demo lab test lint types layers front pytest wheel clean

help:            ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): $(SOURCES)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ft_magics needs Python 3.11 or newer; set PYTHON=…")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	rm -rf widgets/ft_widgets/static
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP)   ## Run the quickstart notebook, print its report, say where its pages lie
	$(BIN)/python demo_notebooks/run_demo.py

lab: $(STAMP)    ## Open the quickstart in JupyterLab
	$(BIN)/jupyter lab demo_notebooks/01_quickstart.ipynb

test: lint types layers front pytest  ## Everything CI runs

lint: $(STAMP)   ## Style, of Python and of TypeScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd widgets && PATH="$(CURDIR)/$(BIN):$$PATH" npm run lint

types: $(STAMP)  ## Types, strict
	$(BIN)/mypy

layers: $(STAMP) ## The import contract
	$(BIN)/lint-imports

front: $(STAMP)  ## The front end: types and unit tests
	cd widgets && PATH="$(CURDIR)/$(BIN):$$PATH" npm run check && PATH="$(CURDIR)/$(BIN):$$PATH" npm test

pytest: $(STAMP) ## The Python suite, a real browser included
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0

wheel: $(STAMP)  ## Build the wheel and the source distribution
	$(BIN)/python -m build

clean:           ## Remove what was installed and built
	rm -rf $(VENV) dist build widgets/node_modules widgets/ft_widgets/static
