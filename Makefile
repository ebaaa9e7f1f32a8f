# The one front door. Each verb makes its own .venv and installs what it needs; a second run is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Three a processor: most tests wait for an engine, a lease or a process.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) * 3)')

# Forks of one process that has collected the tests (tests/forked_workers.py); where a fork is not safe, workers of pytest-xdist.
PARALLEL = $(if $(filter Linux,$(shell uname -s)),--forks $(WORKERS),-n $(WORKERS) --dist loadfile --no-loadscope-reorder)

# Floors without I/O, and the folders of tests that mirror them.
PURE := tables items operations plans validate

.PHONY: help demo test ready browser test-sql test-spark test-models properties check engines bench soak faults docs pictures wheel test-wheel release coverage clean
.PHONY: check-style check-types check-user-types check-user-code check-floors

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "dynasmith needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable '.[local,fast,sql,postgres,mysql,mongo,models,onetable,crypto,cluster,console,test]' -r requirements-dev.txt
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null 2>&1 || true  # pip would do it on one processor; some files are templates
	@touch $@

demo: $(STAMP)  ## the main job on the embedded engine, from nothing, on real items
	$(BIN)/dynasmith demo

ready: $(STAMP)
	$(BIN)/python -m compileall -q -j 0 src tests  # processes that tests begin need not compile, also where nothing may write bytecode
	@$(BIN)/python tools/rewritten_asserts.py  # nor need each worker rewrite the asserts of every file

# Chromium for the tests of pages: by apt where it is absent and may be installed. Where it cannot be had they are skipped.
browser:
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && timeout 300 apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -qq -y --no-install-recommends chromium; } > /dev/null 2>&1 || \
	echo "Chromium is absent and cannot be installed here: tests of pages in a browser are skipped, unless there is Chrome."

test: ready browser  ## the tests, on ministack and moto behind the strict endpoint
	$(BIN)/python tools/run_tests.py $(PARALLEL)  # in order: the longest files first (tests/longest_files.py)

test-sql: $(STAMP)  ## the tests of SQL sources, on a real PostgreSQL and MariaDB; fails where they are absent
	DYNASMITH_TEST_SQL=required $(BIN)/python -m pytest tests/databases -n 2 --dist loadfile

test-spark: $(STAMP) .spark/.installed  ## the job of examples/glue under spark-submit (Java 17): executors and drivers are killed
	$(BIN)/python tests/spark/glue_job.py .spark/venv/bin/python

.spark/.installed: pyproject.toml
	$(PYTHON) -m venv .spark/venv
	.spark/venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[fast,crypto]" pyspark==4.3.0
	@touch $@

test-models: .floor/.installed  ## the tests of models on the oldest pydantic that they support
	.floor/venv/bin/python -m pytest tests/models tests/db -p no:cacheprovider

.floor/.installed: pyproject.toml
	$(PYTHON) -m venv .floor/venv
	.floor/venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[local,crypto]" pydantic==2.11.0 pytest hypothesis
	@touch $@

properties: $(STAMP)  ## every property with twenty times the examples that make test tries: an hour on two cores
	DYNASMITH_TEST_EXAMPLES=20 $(BIN)/python -m pytest -m "hypothesis or properties" -n $(WORKERS)

engines: $(STAMP) node_modules/.installed  ## the contract suite on every engine there is (DYNASMITH_TEST_ENDPOINT names one more)
	$(BIN)/python -m pytest tests/contract --engines all
	PYTHONPATH=tests $(BIN)/python -m strict.engine_scores

bench: $(STAMP)  ## measurements, side by side with what users have today
	$(BIN)/python -m bench.plan
	$(BIN)/python bench/run.py

soak: $(STAMP)  ## long runs: killed, throttled, reset, and equal in the end
	DYNASMITH_TEST_EXAMPLES=20 $(BIN)/python -m pytest tests/flow tests/backfill -k "killed_at_every_call or woken_run" -n $(WORKERS)
	for script in tests/*/soak*.py; do $(BIN)/python $$script || exit 1; done

faults: $(STAMP)  ## every reply fault with every verb, place, option and transport: hours; FAULTS="--part 0.01" tries a part
	$(BIN)/python tests/faults/everything.py $(FAULTS)

docs: $(STAMP)  ## the generated pages and pictures, and the site of all pages in site/
	PYTHONPATH=tools $(BIN)/python -m pages
	PYTHONPATH=tests $(BIN)/python -m contract.page
	$(BIN)/python docs/pictures/make.py
	PYTHONPATH=tools:tests $(BIN)/python -m pages.site site

pictures: $(STAMP)  ## the pictures of the console in README, with Chromium
	PYTHONPATH=tests $(BIN)/python docs/pictures/console_pictures.py

node_modules/.installed: Makefile
	npm install --no-save --no-audit --no-fund dynalite@4.0.0 dynamodb-onetable@2.7.7 onetable-migrate@1.2.1
	@touch $@

check: check-types check-user-types check-user-code check-floors check-style  ## ruff, mypy strict, pyright on code of users, the floors

check-types: $(STAMP)
	$(BIN)/mypy

check-user-types: $(STAMP)
	$(BIN)/mypy --strict --config-file= --cache-dir .mypy_cache/users tests/typing/api.py tests/typing/models_*.py

check-user-code: $(STAMP)
	$(BIN)/pyright --pythonpath $(BIN)/python --project tests/typing/pyrightconfig.json

check-floors: $(STAMP)
	$(BIN)/lint-imports

check-style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

wheel: $(STAMP)  ## the wheel, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

test-wheel: $(STAMP)  ## the wheel, the Dockerfiles and the page Install in fresh environments; takes packages from an index
	DYNASMITH_TEST_WHEEL=whole $(BIN)/python -m pytest tests/examples/test_install.py

release:  ## VERSION=0.2.0: the version in every place, the news under it, and what comes next
	$(PYTHON) tools/release.py "$(VERSION)"

coverage: $(STAMP)  ## how much of the pure floors their own tests run, by branch; fails below the threshold
	$(BIN)/python -m coverage run -m pytest $(PURE:%=tests/%) -p no:cacheprovider -n 0
	$(BIN)/python -m coverage report

clean:  ## remove what make made
	rm -rf $(VENV) .floor .spark site .site-sources .site-doctrees .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
