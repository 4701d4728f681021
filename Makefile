# make up      everything on this machine: own virtual environment, servers, the board, a city at work; Ctrl-C stops it
# make test    all tests, real servers too            make test CHAOS=1    the minutes-long ones as well      JOBS=1 one by one
# make chaos   RUNS=20 seeded runs of the whole flow while processes are killed, stopped, added and restarted
# make mutation  changes the judgement a little, many times: some test has to notice      SCOPE=rules/engine.py SAMPLE=20 SEED=1
# make check   format, lint, types, import rules      make bench           the measurements of bench/
# make clean   the environment and what tools left behind; data/ stays
#
# Needs Python 3.11 to 3.13 and make. PYTHON=... chooses another Python, DATA=... another data directory.

VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$p && break; done)
CHAOS ?=
JOBS ?= 2
RUNS ?= 20
SCOPE ?=
SAMPLE ?= 20
SEED ?= 1
MARKS := $(if $(CHAOS),,-m "not chaos")
PAGES := $(wildcard dashboards/bundle.py dashboards/locale/* $(addprefix dashboards/web/,* src/* src/*/* src/*/*/* public/*))
COMPILED := $(wildcard hatch_build.py rules/*.pyx rules/*.pxi supervision/*.pyx supervision/*.pxi supervision/*.pxd)
WORDS := $(wildcard hatch_build.py supervision rules streams dashboards tests bench examples)

.DEFAULT_GOAL := help
.PHONY: help up test chaos mutation check format bench clean

help:
	@sed -n '/^# \{0,1\}/!q;s/^# \{0,1\}//p' Makefile

up: $(VENV)/embedded.stamp
	@exec $(BIN)/supervision up --data $(DATA)

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest $(MARKS) -n $(JOBS) $(ARGS)

chaos: $(VENV)/test.stamp
	SUPERVISION_CHAOS_RUNS=$(RUNS) $(BIN)/python -m pytest tests/flow/test_chaos.py $(ARGS)

mutation: $(VENV)/mutation.stamp
	$(BIN)/python -m tests.mutation --sample $(SAMPLE) --seed $(SEED) $(if $(SCOPE),--scope $(SCOPE)) $(ARGS)

check: $(VENV)/test.stamp
	$(BIN)/ruff check $(WORDS)
	$(BIN)/ruff format --check $(WORDS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m dashboards.bundle check

format: $(VENV)/test.stamp
	$(BIN)/ruff format $(WORDS)
	$(BIN)/ruff check --fix $(WORDS)

bench: $(VENV)/bench.stamp
	@for each in engine rules state herd sink pipeline worktime gateway accuracy; do test ! -f bench/$$each.py || $(BIN)/python bench/$$each.py || exit 1; done

clean:
	rm -rf $(VENV) rules/*.so supervision/*.so build dist .mutation .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(VENV)/python.stamp:
	@test -n "$(PYTHON)" || { echo "supervision: no Python 3.11 to 3.13 found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
	{ echo "supervision: $(PYTHON) is not Python 3.11 to 3.13; name another: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "supervision: $(PYTHON) lacks venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "virtual environment $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# Installed anew when pyproject.toml changes, or what an installation builds: the board's pages, the compiled modules. A failed installation leaves no stamp.
$(VENV)/%.stamp: pyproject.toml $(PAGES) $(COMPILED) $(VENV)/python.stamp
	@echo "installing e-supervision[$*] (the first time a few minutes)"
	@test -t 1 || quiet=--quiet; $(BIN)/python -m pip install $$quiet --disable-pip-version-check --editable '.[$*]' || \
	{ echo "supervision: pip could not install e-supervision[$*]; its lines above say why (a mirror: PIP_INDEX_URL)" >&2; exit 1; }
	@touch $@
