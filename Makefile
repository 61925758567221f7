# Every target does its own set-up in .venv; a second run installs nothing.
# The wanted packages are in pyproject.toml, their exact releases in constraints.txt, and the hashes of their files
# in requirements/, from where everything is installed. `make lock` writes the last two.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# Tests start hundreds of processes: modules are compiled once, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.stamp-runtime
DEV := $(VENV)/.stamp-dev
COMPILED := $(VENV)/.stamp-compiled
CLIENTS := $(patsubst %,$(VENV)/clients/%/.stamp,7.8.8 8.0.9.dev334 8.1.3)
OTHER_CLIENTS := $(patsubst %,$(VENV)/clients/%/.stamp,7.9.0 7.9.3 7.9.8 8.0.0 8.0.2 8.0.4 8.0.5 8.0.7 8.0.8 8.0.9 8.1.2)
PARSERS := query json form multipart authorization prefer masked world-json world-yaml
SEED := $(shell date +%j)
SHORT := tests/billing tests/openapi tests/spec tests/test_app.py tests/test_command_line.py tests/test_agent.py
FOLDERS := benchmarks contracts fixtures mock_server openapi tests tools waldur_billing_mock
PACKAGES := benchmarks tests tools waldur_billing_mock
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
TOOLS := $(VENV)/tools/.stamp
UV := $(VENV)/tools/bin/uv
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --no-emit-package pip \
  --custom-compile-command 'make lock'
HASHED = $(LOCK) --generate-hashes --no-annotate

# The first Python of these names that is new enough; says what is missing when there is none.
define FIND_PYTHON
for name in python3.11 python3; do
  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$name"; exit 0; fi
done
echo "Python 3.11 or newer is needed, as python3.11 or python3 on the PATH; python3 is $$(python3 --version 2>&1)." >&2
exit 1
endef
export FIND_PYTHON

.PHONY: help serve test clients examples generators mutants healthy hostile fuzz fuzz-coverage soak faults lint format screenshots spec parity redocly st recordings proxied proxied-healthy bench cluster wheel release docs audit lock clean shuffled calendar mutation pythons

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '%-15s %s\n' "$$name" "$$text"; done

serve: $(RUNTIME)  ## start the mock; make serve ARGS="--port 9000" passes arguments
	@exec $(BIN)/python -m waldur_billing_mock.mock_server serve $(ARGS)

# Linting needs a core only, and so does pip: the clients are installed and the modules compiled on the other one.
test:  ## lint, then all tests; make test ARGS="-k paid" passes arguments
	@$(MAKE) --jobs=2 lint $(COMPILED) $(CLIENTS)
	$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

mutants: $(DEV)  ## run the contract suite on planted defects; make mutants ARGS="--only money --workers 1"
	$(BIN)/python -m tests.mutants.run $(ARGS)

healthy: $(DEV)  ## run the contract suite on healthy servers with lawful peculiarities; make healthy ARGS="--pairs 50"
	$(BIN)/python -m tests.peculiarities.run $(ARGS)

# Each release is in an environment of its own, of about 100 MB.
clients: $(DEV) $(CLIENTS) $(OTHER_CLIENTS)  ## walk over whole worlds with the real client, in every release
	WALDUR_TESTS_WHOLE=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -m "" tests/clients $(ARGS)

# `make test` runs the examples in the languages that are there; here all have to be.
examples: $(DEV) $(CLIENTS)  ## run the examples of the how-to pages in Python, TypeScript and Go (needs node, go)
	for program in node go; do \
	  command -v $$program > /dev/null || { echo "make examples needs $$program on the PATH." >&2; exit 1; }; \
	done
	$(BIN)/python -m pytest -q tests/tools/test_how_to.py -k "develop-a-client or write-tests" $(ARGS)

# Java cannot be had where Maven's repository cannot be reached: ARGS="--only go python openapi-python-client typescript".
generators: $(DEV) $(VENV)/generators/.stamp  ## build clients with five generators; they list invoices (needs go, java, mvn, npm)
	$(BIN)/python -m tests.generators.run $(ARGS)

hostile: $(DEV)  ## run the contract suite on hostile targets; make hostile ARGS="--only gzip-bomb"
	$(BIN)/python -m tests.hostile.run $(ARGS)

fuzz: $(DEV)  ## send the mock what it need not understand; make fuzz ARGS="--seconds 60 --seed 1"
	$(BIN)/python -m tests.fuzz.run $(ARGS)

soak: $(DEV)  ## let random traffic run on a served mock, ten minutes; make soak ARGS="--seconds 60"
	$(BIN)/python -m tests.soak.run $(ARGS)

faults: $(DEV)  ## plant exceptions at each line of each write, break requests off, fill disks, and run other tests whole
	WALDUR_TESTS_WHOLE=1 $(BIN)/python -m pytest -n 2 --dist loadgroup tests/faults tests/control/test_atomic.py tests/control/test_state_machine.py \
	  tests/recording/test_recording.py tests/proxy/test_verdicts.py \
	  tests/operations/test_transactions.py tests/operations/test_forks.py \
	  tests/web/test_whole_requests.py tests/spec/test_compiled.py tests/test_world_file.py tests/test_start.py tests/test_completeness.py tests/fuzz $(ARGS)

# atheris is no dependency of the tests, and is installed on the way.
fuzz-coverage: $(DEV)  ## fuzz the parsers guided by coverage; make fuzz-coverage PARSERS="json query" ARGS="--seconds 600"
	$(BIN)/python $(PIP_INSTALL) --requirement requirements/fuzz.txt
	for parser in $(PARSERS); do $(BIN)/python -m tests.fuzz.coverage_guided "$$parser" $(ARGS); done

shuffled: $(DEV)  ## run the tests in a random order; make shuffled SEED=7 ARGS="tests/web" repeats one
	$(BIN)/python -m pytest -n 2 --dist loadgroup --random-order-bucket=global --random-order-seed=$(SEED) $(ARGS)

# The end of a month, the end of a year, and a leap day, each in the time zone that is farthest from UTC on one side.
calendar: $(DEV)  ## run the tests on awkward days, in other time zones and locales; make calendar ARGS="tests/billing"
	for at in 2026-02-28T23:59:55+00:00 2026-12-31T23:59:55+00:00 2028-02-29T12:00:00+00:00; do \
	  for zone in Pacific/Kiritimati America/Adak; do \
	    echo "at $$at in $$zone"; \
	    WALDUR_TESTS_AT=$$at TZ=$$zone LC_ALL=tr_TR.UTF-8 $(BIN)/python -m pytest -q -n 2 --dist loadgroup $(ARGS); \
	  done; \
	done

mutation: $(DEV)  ## change the rules one by one and see the tests fail; make mutation ARGS="--only contracts/values"
	$(BIN)/python -m tests.mutation.run $(ARGS)

# Those of 3.11 to 3.14 that are on the PATH or in a folder of pyenv, each in an environment of its own.
pythons:  ## run a short form of the tests on every Python that is there; make pythons ARGS="tests/web" runs others
	for version in 3.11 3.12 3.13 3.14; do \
	  python=$$(ls "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version.*/bin/python 2>/dev/null | tail -1 || true); \
	  python=$${python:-$$(command -v python$$version || true)}; \
	  if [ -z "$$python" ]; then echo "Python $$version: not installed here"; continue; fi; \
	  [ -x $(VENV)/pythons/$$version/bin/python ] || "$$python" -m venv $(VENV)/pythons/$$version; \
	  $(VENV)/pythons/$$version/bin/python $(PIP_INSTALL) --requirement requirements/dev.txt; \
	  $(VENV)/pythons/$$version/bin/python --version; \
	  $(VENV)/pythons/$$version/bin/python -m pytest -q -p no:cacheprovider $(or $(ARGS),$(SHORT)); \
	done

lint: $(DEV)  ## ruff check, ruff format --check, mypy --strict
	$(BIN)/ruff check $(FOLDERS)
	$(BIN)/ruff format --check $(FOLDERS)
	$(BIN)/mypy $(PACKAGES:%=-p %)

format: $(DEV)  ## put the code into shape
	$(BIN)/ruff check --fix-only $(FOLDERS)
	$(BIN)/ruff format $(FOLDERS)

spec: $(RUNTIME)  ## print the bundled description; make spec ARGS="--format json"
	@$(BIN)/python -m waldur_billing_mock.mock_server spec $(ARGS)

parity: $(DEV)  ## replay a real server's recording; make parity GOLDEN=<folder>, or ARGS=--every-revision
	@$(BIN)/python -m tests.parity.replay $(GOLDEN) $(ARGS)

screenshots: $(DEV)  ## take the pictures of the pages in docs/images (needs Chromium)
	$(BIN)/python -m tests.pages.screenshots $(ARGS)

# Waldur's paths end in a slash, which one of the recommended rules forbids.
redocly: $(RUNTIME)  ## lint the bundled description with Redocly (needs npm)
	@mkdir -p build
	$(BIN)/python -m waldur_billing_mock.mock_server spec --format json > build/openapi.json
	npx --yes @redocly/cli@2.77.0 lint build/openapi.json --extends recommended \
	  --skip-rule no-path-trailing-slash

st: $(DEV)  ## run Schemathesis, all phases, against a mock of its own; make st MOCK="--revision 8.1.3 --wire" ARGS="--seed 3"
	$(BIN)/python -m tests.serving $(MOCK) -- $(BIN)/st run '{url}/_mock/openapi.json' --url '{url}' \
	  --header 'Authorization: Token {token}' --max-examples 50 $(ARGS)

recordings: $(DEV)  ## record a world of awkward names from a mock of every release, and compare; make recordings ARGS="--only 8.1.3"
	$(BIN)/python -m tests.recording.run $(ARGS)

proxied: $(DEV)  ## judge Schemathesis' traffic to a mock by a proxy between them; make proxied ARGS="--max-examples 5"
	$(BIN)/python -m tests.serving $(or $(MOCK),--wire --revision latest) -- $(BIN)/python -m tests.proxy.running '{url}' -- \
	  $(BIN)/st run '{proxy}/_mock/openapi.json' --url '{proxy}' --header 'Authorization: Token {token}' --max-examples 50 $(ARGS)

proxied-healthy: $(DEV)  ## put the proxy before healthy servers with one peculiarity each; make proxied-healthy ARGS="compressed"
	$(BIN)/python -m tests.proxy.peculiarities $(ARGS)

bench: $(DEV)  ## measure speed and scale; make bench ARGS="answers start" measures a part
	@$(BIN)/python -m benchmarks $(ARGS)

cluster: $(DEV)  ## serve by several mocks behind HAProxy; make cluster ARGS="--workers 8", or ARGS="--sessions 1000"
	@$(BIN)/python -m benchmarks.cluster $(ARGS)

# Without a clean start, setuptools packs modules that were removed since the last build.
wheel: $(DEV)  ## build the wheel into dist/
	rm -rf build/lib build/bdist.* *.egg-info
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

# The parts are listed (SBOM) from the pinned requirements, with the hashes of their files.
release: $(DEV) $(TOOLS)  ## build sdist and wheel into dist/, check them, list their parts and licences
	rm -rf dist build/lib build/bdist.* *.egg-info
	$(UV) build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist .
	$(VENV)/tools/bin/twine check --strict dist/*
	$(VENV)/tools/bin/check-wheel-contents dist/*.whl
	$(VENV)/tools/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/sbom.cdx.json requirements/contracts.txt
	$(BIN)/python -m tools.licences > dist/THIRD_PARTY_LICENSES.md
	rm -rf *.egg-info

docs: $(DEV)  ## build the documentation site into build/site; make docs ARGS=serve shows it
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs $(or $(ARGS),build --quiet)

# pip-audit asks a service for what is known; where it cannot be reached, this target says so and fails.
audit: $(TOOLS)  ## look for known weaknesses in what is pinned, and for dangerous code; lint the Containerfile
	$(VENV)/tools/bin/bandit --quiet --recursive --configfile pyproject.toml \
	  contracts fixtures mock_server openapi tools waldur_billing_mock/config_file.py
	$(VENV)/tools/bin/hadolint deploy/Containerfile
	for lock in runtime contracts mcp dev tools; do \
	  $(VENV)/tools/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements/$$lock.txt; done

# Releases that are pinned are kept, unless told otherwise: make lock ARGS=--upgrade, or ARGS="--upgrade-package faker".
lock: $(TOOLS)  ## write constraints.txt and requirements/ after a change of pyproject.toml
	$(LOCK) --no-annotate --no-emit-package waldur-api-client pyproject.toml --all-extras \
	  requirements/clients/dependencies.in --output-file constraints.txt $(ARGS)
	$(HASHED) --constraint constraints.txt pyproject.toml --output-file requirements/runtime.txt
	$(HASHED) --constraint constraints.txt pyproject.toml --extra contracts --output-file requirements/contracts.txt
	$(HASHED) --constraint constraints.txt pyproject.toml --extra mcp --output-file requirements/mcp.txt
	$(HASHED) --constraint constraints.txt pyproject.toml --all-extras --output-file requirements/dev.txt
	$(HASHED) --constraint constraints.txt --no-emit-package waldur-api-client requirements/clients/dependencies.in \
	  --output-file requirements/clients/dependencies.txt
	for release in $(patsubst $(VENV)/clients/%/.stamp,%,$(CLIENTS) $(OTHER_CLIENTS)); do \
	  echo "waldur-api-client==$$release" | $(HASHED) --no-deps - --output-file requirements/clients/$$release.txt; done
	$(HASHED) --constraint constraints.txt --group build --output-file requirements/build.txt
	$(HASHED) --group fuzz --output-file requirements/fuzz.txt $(ARGS)
	$(HASHED) --group tools --output-file requirements/tools.txt $(ARGS)
	$(HASHED) --group generators --output-file requirements/generators.txt $(ARGS)

clean:  ## remove everything that can be made again
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@python="$$(bash -c "$$FIND_PYTHON")"; set -x; "$$python" -m venv $(VENV)

$(RUNTIME): requirements/runtime.txt | $(BIN)/python
	$(BIN)/python $(PIP_INSTALL) --requirement $<
	@touch $@

# What is imported before it is compiled here, Python compiles by itself.
$(DEV): requirements/dev.txt | $(BIN)/python
	$(BIN)/python $(PIP_INSTALL) --no-compile --requirement $<
	@touch $@ $(RUNTIME)

$(COMPILED): $(DEV)
	$(BIN)/python -m compileall -q $(CURDIR)/$(VENV)/lib
	@touch $@

# The real client, every release in an environment of its own: tests/examples runs the documents' examples with it.
# They get no pip of their own, which takes longer to install than the client: the one of $(VENV) installs into them.
$(VENV)/clients/%/.stamp: requirements/clients/dependencies.txt requirements/clients/%.txt | $(BIN)/python
	$(BIN)/python -m venv --without-pip $(VENV)/clients/$*
	PIP_PYTHON=$(VENV)/clients/$*/bin/python $(BIN)/python $(PIP_INSTALL) $(^:%=--requirement %)
	@touch $@

$(VENV)/generators/.stamp: requirements/generators.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/generators
	$(VENV)/generators/bin/python $(PIP_INSTALL) --requirement $<
	@touch $@

$(TOOLS): requirements/tools.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/tools
	$(VENV)/tools/bin/python $(PIP_INSTALL) --requirement $<
	@touch $@
