# make demo   set everything up, develop a RAW file, and find it again in a copy that was altered
# make test   set up what tests need and run every check
# make docs   the documentation as a site, in site/
# make day    the vendor's day: train, export, sign, boot, take a photo, send it, verify it
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

# Of what isn't compiled yet, every process would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test types suite docs day clean

demo:
	@start=$$(date +%s) && $(MAKE) --no-print-directory $(VENV)/.base && \
	$(BIN)/camsim develop examples/canon-s40-box.crw --out demo --compare --force && \
	echo "the first picture, in demo/, took $$(( $$(date +%s) - start )) s from the start"
	rm -rf demo/recovery
	CAMSIM="$(abspath $(BIN))/camsim" PYTHON="$(abspath $(BIN))/python" examples/recovery/recovery.sh demo/recovery

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --no-print-directory --jobs 2 types suite

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/lint-imports

suite: $(VENV)/.dev
	$(BIN)/pytest

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "site/index.html; with its search: $(BIN)/python -m http.server --directory site"

day: $(VENV)/.dev
	CAMSIM="$(abspath $(BIN))/camsim" examples/vendors-day.sh

$(VENV)/.base: pyproject.toml constraints.txt
	@echo "installing camsim and what it needs into $(VENV): once, 400 MB, a minute or two"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[camera]"
	touch $@

# Not compiled: of 16,000 modules tests import a few, which Python compiles then.
$(VENV)/.dev: pyproject.toml requirements-dev.lock
	@echo "installing what tests and documentation need into $(VENV): once, some 4 GB"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c requirements-dev.lock -e ".[dev]"
	touch $@ $(VENV)/.base

clean:
	rm -rf $(VENV) demo site build dist
