# Works with GNU make 3.81 and later. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# By the environment, the pins hold for the build backend too (newer versions of pip read the second name for it).
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
  $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO := examples/value-train
# A pyenv or a vendor's stub may answer to a name without having that Python: only running it tells.
SUITABLE := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage lint types bench stress docs clean distclean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.installed ## make .venv and install the package into it, for development

$(VENV)/.installed: pyproject.toml constraints.txt
	@if ! $(BIN)/python -c 'import pip; $(SUITABLE)' >/dev/null 2>&1; then \
	  found=; \
	  for candidate in "$(PYTHON)" python3.13 python3.12 python3.11; do \
	    if "$$candidate" -c '$(SUITABLE)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.11 or later: tried $(PYTHON), python3.13, python3.12, python3.11." >&2; \
	    echo "Install one, or name it: make setup PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	  fi; \
	  echo "$(VENV): $$("$$found" --version) ($$found)"; \
	  "$$found" -m venv --clear $(VENV) || exit 1; \
	fi
	@$(PIP) install -e '.[dev]'
	@touch $@

$(VENV)/.demo-installed: $(VENV)/.installed $(DEMO)/requirements.txt
	@$(PIP) install -r $(DEMO)/requirements.txt
	@touch $@

demo: $(VENV)/.demo-installed ## run a whole value train in build/demo
	@$(BIN)/python $(DEMO)/demo.py build/demo

test: $(VENV)/.installed ## run the tests
	@# Tests start the program a thousand times: where bytecode may not be written, each start would compile it anew.
	@$(BIN)/python -m compileall -q -x /resources/ src/agenticops
	@# Tests are compiled too, once: Python reads an empty name as none.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal $(MORE)

coverage: MORE := --cov --cov-report=term
coverage: test ## run the tests and measure their coverage: half as long again

lint: $(VENV)/.installed ## check style, format, types and layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

types: $(VENV)/.installed ## check the types only
	@$(BIN)/mypy

bench: $(VENV)/.installed ## measure start-up and throughput
	@$(BIN)/python tests/bench/run.py

stress: $(VENV)/.installed ## prove that nothing is lost; most of an hour, or N="crash fuzz" S=0.1
	@$(BIN)/python tests/stress/run.py $(N) --scale $(or $(S),1)
	@[ -n "$(N)" ] || TRAIN_THOROUGH=1 $(BIN)/python -m pytest -q -n auto --dist worksteal

docs: $(VENV)/.installed ## build the documentation
	@$(BIN)/python scripts/build_docs.py

clean: ## remove what was built, and the caches
	@rm -rf build dist htmlcov .coverage .coverage.* \
	  .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@for folder in src tests scripts examples; do \
	  if [ -d $$folder ]; then find $$folder -type d -name __pycache__ -prune -exec rm -rf {} +; fi; \
	done

distclean: clean ## clean, and remove .venv too
	@rm -rf $(VENV)
