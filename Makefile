# Every habit of the project is a target here. Each works as the first command on a fresh checkout: it makes .venv and
# installs what the lock pins. Needs Python 3.11 or later and make.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready
# What the suites run in.
RUN := $(BIN)/python
# One seed makes the same requests only if sets have the same order, too.
CONTRACT := PYTHONHASHSEED=0 $(BIN)/python -m tests.contract
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test suites gate checks coverage test-matrix generate check-generated lint types surface contract \
	contract-live contract-diff portability bench dist sbom docs clean lock

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Create .venv with everything that the other targets need.

$(LOCKED): requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version), which takes a minute." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DOCS_READY): requirements-docs.lock $(LOCKED)
	@$(PIP) --require-hashes -r requirements-docs.lock
	@touch $@

demo: $(READY) ## Start a server, recover a password, keep a document, and print the response to forgotPassword.
	@$(BIN)/python examples/demo.py

serve: $(READY) ## Serve meshydb.sqlite3 in this folder at http://127.0.0.1:8000.
	@$(BIN)/meshydb-server serve

test: $(READY) $(DOCS_READY) ## Run all checks: lint, types, drift, documents, and every suite.
	@$(MAKE) --no-print-directory --jobs 3 suites gate checks

# In the order of their folders: by their number of tests, files of one long test would all come last. The suites start
# Python hundreds of times, and so keep what it compiles even if the environment says not to.
suites: $(READY)
	@PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# Beside the suites, which cover what it does.
gate: $(READY)
	@$(call when_over,$(CONTRACT))

checks: $(READY)
	@$(call when_over,$(MAKE) --no-print-directory lint types check-generated contract-diff docs)

# Runs a command and prints what it wrote when it is over, so that what runs beside it is not mixed with it.
when_over = mkdir -p build; $(1) >build/$@.log 2>&1; status=$$?; cat build/$@.log; exit $$status

# Apart from `test`, as to measure takes a quarter as long again.
coverage: $(READY) ## Run the suites, list uncovered lines, and fail if there are too many.
	@$(BIN)/coverage erase
	@$(MAKE) --no-print-directory suites RUN="$(BIN)/coverage run"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

test-matrix: ## Run every suite, or SUITES=…, on every installed Python from 3.11 on.
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) scripts/matrix.py $(SUITES)

generate: $(READY) ## Generate generated/ from openapi.yaml, and the wrapper's sync half from its async one.
	@$(BIN)/python scripts/generate.py

check-generated: $(READY) ## Fail if a derived file differs from the output of `make generate`.
	@$(BIN)/python scripts/generate.py --check

lint: $(READY) ## Check style and formatting, and that imports run one way.
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports

types: $(READY) ## Check types with mypy and pyright, both strict.
	@$(BIN)/mypy
	@$(BIN)/pyright --project pyproject.toml

surface: $(READY) ## Write the client's public surface to the snapshot that the tests compare it with.
	@$(BIN)/python scripts/surface.py

contract: $(READY) ## Test the server against openapi.yaml, on each database. Reports are in build/contract.
	@$(CONTRACT)

contract-live: $(READY) ## Test any server against openapi.yaml: URL=… ACCOUNT=… [TENANT=…]. Creates users and requests codes.
	@test -n "$(URL)" -a -n "$(ACCOUNT)" || { echo "Which server? make contract-live URL=… ACCOUNT=…" >&2; exit 2; }
	@$(BIN)/meshydb-contract --url "$(URL)" --account "$(ACCOUNT)" --report build/contract/live \
		$(if $(TENANT),--tenant "$(TENANT)") $(if $(USERNAME),--username "$(USERNAME)") \
		$(if $(AUTH_URL),--auth-url "$(AUTH_URL)") $(if $(PUBLIC_KEY),--public-key "$(PUBLIC_KEY)") $(OPTIONS)

contract-diff: $(READY) ## Compare openapi.yaml with the last release, or with BASE=…; fail on breaking changes.
	@PYTHONPATH=scripts $(BIN)/python -m contract_diff $(if $(BASE),"$(BASE)")

portability: $(READY) ## Generate code from openapi.yaml with third-party generators, and compile it. Needs npm.
	@PYTHONPATH=scripts $(BIN)/python -m portability

bench: $(READY) ## Benchmark the client and the server against others. PART=client, server, decoys, meshes (with DOCUMENTS=…), peers or growth (with USERS=… SECONDS=…) or before (with BASE=…, a git revision) for one.
	@BASE="$(BASE)" DOCUMENTS="$(DOCUMENTS)" USERS="$(USERS)" SECONDS="$(SECONDS)" $(BIN)/python -m bench $(PART)

dist: $(READY) ## Build sdist and wheel into dist/, install them, and run suites from the sdist. TAG=… for a release.
	@PYTHONPATH=scripts $(BIN)/python -m release --tag "$(TAG)"

sbom: $(READY) ## Describe what the wheel in dist/ installs in build/sbom.cdx.json, by CycloneDX.
	@test -n "$$(ls dist/*.whl 2>/dev/null)" || { echo "There is no wheel: make dist" >&2; exit 2; }
	@$(PYTHON) -m venv --clear build/cyclonedx
	@build/cyclonedx/bin/python -m pip install -qq --disable-pip-version-check cyclonedx-bom==7.5.0
	@PYTHONPATH=scripts $(BIN)/python -m release.sbom build/cyclonedx/bin/cyclonedx-py

docs: $(READY) $(DOCS_READY) ## Build the documentation into build/site, and fail on any warning.
	@$(BIN)/python scripts/docs.py

LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-annotate \
	--no-header --quiet
lock: $(READY) ## Pin the newest versions that pyproject.toml allows.
	@$(PIP) uv
	@$(LOCK) pyproject.toml --extra contract --extra fast --extra server --extra postgres --extra redis --group dev \
		-o requirements-dev.lock
	@$(LOCK) pyproject.toml --group docs --constraint requirements-dev.lock -o requirements-docs.lock
	@$(LOCK) pyproject.toml --extra server --extra postgres --extra redis --constraint requirements-dev.lock \
		-o requirements-server.lock
	@$(LOCK) --group build --constraint requirements-dev.lock -o requirements-build.lock

clean: ## Remove .venv and everything that the other targets leave behind.
	@rm -rf $(VENV) .venv-3.* build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
