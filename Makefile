# Every target sets up what it needs: `make book` and `make test` work on a fresh clone.
VENV   ?= .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SITE   := _site

# One thread for BLAS in each process: the tests run one process per core already.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS      := 1
export MKL_NUM_THREADS      := 1

.PHONY: help book test check accept notebooks cell pdf audit serve exercises grade tidy dist parity record bench lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation -e .
	@touch $@

book: $(READY)  ## build both editions of the website into _site/
	$(BIN)/python -m tools.site.book $(SITE)

test: book  ## everything a change must pass
	$(MAKE) check
	$(BIN)/python -m pytest -n auto --dist loadfile --nbval --nbval-current-env

check: $(READY)  ## the static checks alone: lint, languages, prose numbers, links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tools.check

accept: $(READY)  ## record that a translation has been reviewed: make accept PAGE=01-... [CELL=id]
	$(BIN)/python -m tools.check --accept $(PAGE) $(CELL) $(if $(WORDS),--words-differ)

notebooks: $(READY)  ## execute notebooks and store the outputs: make notebooks [PAGE=04]
	$(BIN)/python -m tools.notebooks $(PAGE)

cell: $(READY)  ## lay a new English cell into the Chinese notebook: make cell PAGE=04 AFTER=id ID=new
	$(BIN)/python -m tools.cell '$(PAGE)' '$(AFTER)' '$(ID)'

pdf: book  ## print each edition as one PDF beside it in _site/ (needs Chromium)
	$(BIN)/python -m tools.site.pdf $(SITE)

audit: book tools/site/audit/node_modules/.ready  ## Lighthouse on every page (needs Node.js 20 and Chromium)
	node tools/site/audit/audit.js $(SITE) $(PAGES)

tools/site/audit/node_modules/.ready: tools/site/audit/package-lock.json
	@command -v npm >/dev/null || { echo "make audit needs Node.js 20 or newer with npm."; exit 1; }
	npm ci --prefix tools/site/audit --no-fund --no-audit --no-progress
	@touch $@

serve: book  ## look at the site on http://localhost:8000
	$(BIN)/python -m http.server --directory $(SITE) 8000

dist: $(READY)  ## build the library's wheel and source distribution into dist/
	rm -rf dist
	$(BIN)/uv build --quiet --out-dir dist

CLASS   ?= open
EDITION ?= en

exercises: $(READY)  ## generate the assignments of a class: make exercises [CLASS=word]
	$(BIN)/python -m tools.grading.generate --class '$(CLASS)'

grade: $(READY)  ## grade what was handed in: make grade CLASS=word [EDITION=zh]
	$(BIN)/python -m tools.grading 'exercises/courses/$(CLASS)/$(EDITION)' $(ASSIGNMENT)

tidy: $(READY)  ## bring the sources of the assignments into canonical form
	$(BIN)/python -m tools.grading.generate --tidy

# The frameworks are large: they have an environment of their own.
FRAMEWORKS ?= .venv-frameworks
$(FRAMEWORKS)/.ready: pyproject.toml
	$(PYTHON) -m venv $(FRAMEWORKS)
	$(FRAMEWORKS)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[frameworks,test]'
	@touch $@

parity: $(FRAMEWORKS)/.ready  ## compare with the real PyTorch, Keras and Optax
	$(FRAMEWORKS)/bin/python -m pytest -n auto tests/parity

record: $(FRAMEWORKS)/.ready  ## renew the recorded numbers of the frameworks
	$(FRAMEWORKS)/bin/python tests/parity/record.py
	$(FRAMEWORKS)/bin/python tests/parity/recordings.py

bench: $(FRAMEWORKS)/.ready  ## measure speeds side by side, into tests/benchmarks/README.md
	KERAS_BACKEND=jax JAX_PLATFORMS=cpu XLA_FLAGS=--xla_cpu_multi_thread_eigen=false \
	  $(FRAMEWORKS)/bin/python tests/benchmarks/run.py

lock: $(READY)  ## renew the exact versions from the ranges in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	  --no-emit-index-url --generate-hashes \
	  --extra all --extra book --extra exercises --extra test --extra tools \
	  --custom-compile-command "make lock" pyproject.toml \
	  --output-file requirements.txt
	@printf 'ipykernel\nsetuptools\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --no-emit-index-url --generate-hashes --no-annotate --constraint requirements.txt \
	  --extra all --custom-compile-command "make lock" pyproject.toml - \
	  --output-file .binder/requirements.txt

clean:  ## remove what the build made (the environment stays)
	rm -rf _build $(SITE) build dist
