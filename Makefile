# Everything runs in one virtual environment, made here on first use. `make` alone lists targets.
#   make demo PYTHON=python3.12     another interpreter
#   make test ARGS="tests/hub -x"   arguments for pytest (or for `loradex demo`)
#   make test JOBS=0                in one process, as a debugger wants it

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
JOBS   ?= auto

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
SRC := src tui plugins migrations tests bench docs

.PHONY: help demo test cover lint types imports migrations check bench pins clean
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target does; \
	  do printf '  make %-11s %s\n' "$$target" "$$does"; done

demo: $(VENV)/.ready ## install loradex here and show the whole loop on a sample library
	@$(BIN)/loradex demo $(ARGS)

# Tests start hundreds of programs: compiled code is kept for the next, whatever the shell says.
test: $(VENV)/.ready-dev ## run the tests
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

cover: $(VENV)/.ready-dev ## run the tests and show which lines they miss
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=term-missing:skip-covered $(ARGS)

lint: $(VENV)/.ready-dev ## ruff: rules and format
	@$(BIN)/ruff check $(wildcard $(SRC))
	@$(BIN)/ruff format --check $(wildcard $(SRC))

types: $(VENV)/.ready-dev ## mypy, strict
	@$(BIN)/mypy

imports: $(VENV)/.ready-dev ## import-linter: who may import whom
	@$(BIN)/lint-imports

migrations: $(VENV)/.ready-dev ## check that the migrations make the tables the code describes
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  export LORADEX_CATALOG="$$folder/catalog.db" && \
	  $(BIN)/alembic upgrade head && $(BIN)/alembic check

check: ## the tests and the checks, as CI runs them
	@.ci/run

bench: $(VENV)/.ready-dev ## run the measurements in bench/, one after the other
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

pins: $(VENV)/.ready-dev ## print the installed versions in the form of constraints.txt
	@$(BIN)/python -m pip freeze --exclude-editable --all \
	  | sed 's/+.*//' | grep -Eiv '^(pip|nvidia-|cuda-|triton)'

clean: ## remove what make made
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache \
	  .import_linter_cache

# The stamp files below stand for "this is installed": a second call installs nothing.

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "There is no $(PYTHON). Name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "loradex needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=python3.12"; \
	    exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments: sudo apt install python3-venv"; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.torch: $(VENV)/.made constraints.txt
	@echo "Installing torch (large)"
	@$(PIP) install -c constraints.txt torch
	@touch $@

$(VENV)/.ready: $(VENV)/.torch pyproject.toml
	@echo "Installing loradex"
	@$(PIP) install -c constraints.txt -e '.[render]'
	@touch $@

# Debian's pip is older than `pip install --group`, hence a newer one first.
$(VENV)/.ready-dev: $(VENV)/.ready
	@echo "Installing the development tools"
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install -c constraints.txt --group dev
	@touch $@
