# make demo    on a fresh machine: installs emospike, then recognises, explains and draws a recording (CLIP=my.wav)
# make test    the tests, with the examples of docstrings and documentation, in two processes
# make test-all   the same, and tests that train for long
# make check   lint, format, types, layers
# make bench   times and memory on this machine (BENCH="--quick --json times.json")
# make fuzz    a minute of hostile files: every reader and the model loader (FUZZ="--seconds 3600 --seed 1")
# make docs    the documentation as a site, in site/
# make container   the Dockerfile's steps without Docker, and a decision of what they serve
# make wheel   the wheel, built twice and tried in empty environments (PYTHONS="python3.10 python3.13"; default: all found)
# make pages   outputs, tables and pictures of the documentation made afresh, after a change of models or results

PYTHON ?= python3
VENV ?= .venv
EMOSPIKE_DATA ?= ../shared/data
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt

.PHONY: demo test test-all check bench fuzz docs container wheel pages

demo: $(VENV)/.core
	@$(BIN)/python scripts/demo.py $(CLIP)

test: $(VENV)/.dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs -m "not long" -n 2 --dist loadfile

test-all: $(VENV)/.dev
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -rs -n 2 --dist loadfile

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.core
	@$(BIN)/python -m benchmarks $(BENCH)

fuzz: $(VENV)/.dev
	PYTHONPATH=scripts $(BIN)/python -m fuzzing $(FUZZ)

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --strict

container: $(VENV)/.dev
	$(BIN)/python scripts/try_dockerfile.py

wheel: $(VENV)/.core
	$(BIN)/python scripts/try_wheel.py $(PYTHONS)

pages: $(VENV)/.dev
	EMOSPIKE_DATA="$(EMOSPIKE_DATA)" $(BIN)/python scripts/make_pictures.py
	$(BIN)/python scripts/fill_docs.py

$(VENV)/.core: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=python3.12 ...")'
	@echo "installing emospike into $(VENV) (a few minutes the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "installing the tools of development into $(VENV)"
	@$(PIP) torch  # alone and first: its pinned release, not the newest with everything for GPUs
	@$(PIP) -e '.[dev,face,deep,eeg,timelines,serve]'
	@touch $@
