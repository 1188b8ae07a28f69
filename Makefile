# `make demo` runs the quickstart for real; `make test` runs everything CI runs. Only Python >= 3.11 is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := $(VENV)/.installed-demo
LAB := $(VENV)/.installed-lab
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
CHECK_PYTHON := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ft_magics needs Python 3.11 or newer; set PYTHON=…")'
SOURCES := pyproject.toml constraints.txt $(wildcard widgets/package*.json widgets/*.mjs widgets/tsconfig.json widgets/src/*)

.PHONY: help demo lab test lint types layers front pytest settings wheel bench clean

help:            ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The demo alone needs neither JupyterLab nor the tools of the suite. `--no-compile`: byte code is written at the first
# import, of what is imported; of torch and its like that is a part.
$(DEMO): $(SOURCES)
	@echo "Installing ft_magics and what its demo needs into $(VENV): one to three minutes the first time, 1.3 GB …"
	@$(CHECK_PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@rm -rf widgets/ft_widgets/static
	@NPM_CONFIG_OMIT=dev $(PIP) --no-compile --editable '.[demo]'
	@touch $@

$(LAB): $(DEMO)
	@echo "Adding JupyterLab to $(VENV): under a minute …"
	@$(PIP) jupyterlab
	@touch $@

$(STAMP): $(SOURCES)
	@echo "Installing ft_magics and all that its suite needs into $(VENV): three to six minutes the first time …"
	@$(CHECK_PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@rm -rf widgets/ft_widgets/static
	@$(PIP) --editable '.[dev]'
	@touch $(DEMO) $(LAB) $@

demo: $(DEMO)    ## Run the quickstart, print its report, say where its pages lie (NOTEBOOK=02_classify: another)
	@$(BIN)/python demo_notebooks/run_demo.py $(NOTEBOOK)

lab: $(LAB)      ## Open the notebooks in JupyterLab
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

settings: $(DEMO) ## Write docs/settings.md from the schema
	$(BIN)/python docs/make_settings.py

bench: $(STAMP)  ## Training speed beside the tutorial's loop and the Trainer (QUICK=1: a few steps)
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/training_plot.py

wheel: $(STAMP)  ## Build the wheel and the source distribution
	$(BIN)/python -m build

clean:           ## Remove what was installed and built
	rm -rf $(VENV) dist build widgets/node_modules widgets/ft_widgets/static
