# Everything starts here: `make` alone says what there is.
# Needs Python 3.11 or newer, make and a package index; no conda, no node, no administrator rights.

SHELL   := /bin/sh
VENV    ?= .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
PYTEST   = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
CASES   ?=
WORKERS ?= 2

# The first Python that is new enough; name another with `make book PYTHON=/path/to/python3`.
PYTHON  ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help environment book quick test test-all check format bench references picture dist clean

help:  ## this list
	@echo "vhi: volume of hyperintense inflammation on MRI of the sacroiliac joints (research use only)"
	@echo
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/  make \1 |\2/p' $(firstword $(MAKEFILE_LIST)) \
		| awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
	@echo
	@echo "  make book CASES=phantom    the edition that anyone may publish: simulated scans only"
	@echo "  make book CASES=study      the study's scans, or an error; never the phantom"
	@echo "  PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu"
	@echo "                             (Linux) torch without 3 GB of CUDA, where no GPU is to be used"
	@echo "  WORKERS=4                  so many test processes side by side (0: one, as pytest alone)"
	@echo "  VHI_DATA_MIRROR=FOLDER     a copy of the paper's supplement to take the scans from"

environment: $(READY)  ## the locked environment in .venv, nothing else

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "vhi: no Python 3.11 or newer found (python3 is: $$(python3 --version 2>&1)). Install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "vhi: $(PYTHON) is $$($(PYTHON) --version 2>&1); 3.11 or newer is needed. Name another: make PYTHON=/path/to/python3"; exit 1; }
	@echo "vhi: making the environment in $(VENV) (some minutes, once; torch is large)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "vhi: $(PYTHON) cannot make an environment (on Debian and Ubuntu: the package python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[book,room,study,test,train]"
	@$(BIN)/python -m pip check
	@touch $@

book: $(READY)  ## get the data, execute the notebooks, build the pages; says where to open them
	@$(BIN)/python book/build.py $(if $(CASES),--cases $(CASES))

quick: $(READY)  ## the tests to run while working: no browser, no book, no training
	@$(PYTEST) -m "not (browser or book or training or slow or exhaustive)"

test: $(READY)  ## all but the exhaustive tests; those of the book where `make book` has built it
	@$(PYTEST) -m "not exhaustive"

test-all: book  ## the book, then every test
	@$(PYTEST)

check: $(READY)  ## ruff (lint, format), mypy, and the arrows between folders
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(READY)  ## let ruff format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)  ## time and memory, as ratios measured in one run
	@$(BIN)/python -m benchmarks

references: $(READY)  ## refresh the reference pages from the study edition of the book
	@$(BIN)/python book/build.py --cases study
	@$(BIN)/python -m tests.helpers.references

picture: $(READY)  ## draw the committed pictures anew (phantom)
	@$(BIN)/python book/picture.py
	@$(BIN)/python book/room_pictures.py

dist: $(READY)  ## wheel and source archive, in dist/
	@$(BIN)/python -m build --outdir dist .

clean:  ## remove what was built (the environment and the fetched data stay)
	rm -rf build dist book/_build book/notebooks .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
