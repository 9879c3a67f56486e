# `make` prints this list. Everything is installed into .venv; nothing needs root but the packages of test-system.

# The first Python that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
BIN := .venv/bin
READY := .venv/.ready
RECIPE := model/miniature/recipe
# Run by test-recipe alone, for all of them.
RECIPE_TESTS := tests/recipe
RECIPE_BIN := .venv-recipe/bin
RECIPE_READY := .venv-recipe/.ready
SOURCES := model pipeline daemon clients steno.py tests .ci/install.py $(if $(wildcard benchmarks/*.py),benchmarks)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-system test-recipe bench lint format lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## install everything into .venv (done once; quick afterwards)

# Current when newer than what it was made from: then no target calls pip.
$(READY): requirements.lock pyproject.toml .ci/install.py
	@$(PYTHON) .ci/install.py
	@touch $@

demo: $(READY) ## watch shipped recordings become text; MIC=1 listens to the microphone
	@$(BIN)/steno demo $(if $(filter-out 0,$(MIC)),--mic)

test: $(READY) ## run the tests that need no root
	$(BIN)/pytest -m "not slow and not system" --ignore=$(RECIPE_TESTS) $(ARGS)

test-slow: $(READY) ## run the long tests
	$(BIN)/pytest -m "slow and not system" --ignore=$(RECIPE_TESTS) $(ARGS)

test-system: $(READY) ## run the tests with a sound server and screens; as root installs missing Debian packages
	@.ci/system-packages system
	$(BIN)/pytest -m system $(ARGS)

test-recipe: $(RECIPE_READY) ## make the miniature on a small scale; as root installs missing Debian packages
	@.ci/system-packages recipe
	$(RECIPE_BIN)/python -m pytest $(ARGS) $(RECIPE_TESTS)

# What the recipe imports beyond Steno's own libraries lies here; those, and pytest, are taken from .venv.
$(RECIPE_READY): $(RECIPE)/requirements.txt $(READY)
	@$(BIN)/python -m venv --clear .venv-recipe
	@where="import sysconfig; print(sysconfig.get_path('purelib'))"; \
	$(BIN)/python -c "$$where" >"$$($(RECIPE_BIN)/python -c "$$where")/steno.pth"
	@$(RECIPE_BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

bench: $(READY) ## measure what Steno promises; ARGS="--quick", "--full", "--model DIR"
	@$(BIN)/python -m benchmarks.bench $(ARGS)

lint: $(READY) ## ruff, mypy, import-linter
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports

format: $(READY) ## let ruff format the sources
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

# --no-config: the lock holds the public registry's hashes, whatever this machine is configured for.
lock: ## renew requirements.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --extra download --extra tray --universal --python-version 3.11 --generate-hashes --upgrade \
		--no-config --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove .venv and all that tools have left (the built llama.cpp wheel stays in the user's cache)
	rm -rf .venv .venv-recipe build dist *.egg-info __pycache__ .ci/__pycache__ .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(filter-out %.py,$(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +
