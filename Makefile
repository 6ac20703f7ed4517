# The only command surface: people and CI call the same targets. Each sets up what it needs and says what it does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# Tests run on as many processes as this: one more than two cores, as those with the engine wait for it. They take longest
# and go first; a file stays in one process, which makes its servers once.
TEST_PROCESSES ?= 3
LONGEST_FIRST := tests/embedded/system tests/cli/test_demo.py tests/cli/test_embedded.py tests/embedded/plugin tests/engine
PYTEST := $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
# Bytecode is kept: without it each start imports pulumi_aws for 8 s instead of 1 s.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONUNBUFFERED := 1

# Other people's clients, in an environment of their own.
CLIENTS := build/clients
# A second implementation of DynamoDB, for the tests of the budgets that take minutes.
DYNALITE := build/dynalite

.PHONY: help setup demo test test-fast test-long clients clients-setup lint check engine bench bundles docs clean

help: ## Show the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit("leanto needs Python 3.11 or later, this is " + sys.version.split()[0] + ": set PYTHON=/path/to/python3.11 or later") if sys.version_info < (3, 11) else None'
	@echo "leanto: making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.synced: pyproject.toml uv.lock | $(BIN)/uv
	@echo "leanto: installing the locked dependencies into $(VENV)"
	@$(BIN)/uv sync --frozen --quiet --inexact
	@touch $@

setup: $(VENV)/.synced ## Make the virtual environment from the lock.

engine: setup ## Find or build the Pulumi engine (about 5 minutes once, then cached).
	@$(BIN)/leanto engine

demo: engine ## Deploy the hybrid preset into AWS in a box, ask it a question, take it down.
	@$(BIN)/leanto demo

test: engine ## Run the tests, those with the real engine included.
	@$(PYTEST) -m "not long" $(LONGEST_FIRST) tests

test-fast: setup ## Run the tests that need no engine.
	@$(PYTEST) -m "not engine and not long"

test-long: engine ## Run the tests that take minutes, and try properties with more examples.
	@mkdir -p $(DYNALITE) && cp tests/runtime/state/dynalite/package*.json $(DYNALITE)
	@if command -v npm >/dev/null; then npm ci --silent --ignore-scripts --no-fund --no-audit --prefix $(DYNALITE); fi
	@$(PYTEST) -m "long or hypothesis" --hypothesis-profile thorough $(LONGEST_FIRST) tests

clients: clients-setup ## Run other people's clients and testers of OpenAI's API against the gateway.
	@$(BIN)/python -m pytest tests/runtime/gateway/clients

clients-setup: setup
	@echo "leanto: installing LangChain, LlamaIndex and testers of OpenAI's API into $(CLIENTS)"
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(CLIENTS)
	@$(BIN)/uv pip install --quiet --python $(CLIENTS)/bin/python -r tests/runtime/gateway/clients/requirements.txt
	@if ! command -v npm >/dev/null; then echo "leanto: SKIPPED CompatCanary: there is no npm"; \
	  elif ! npm install --loglevel=error --no-save --no-fund --no-audit --prefix $(CLIENTS) compatcanary@0.2.2 >$(CLIENTS)/npm.log 2>&1; then \
	    cat $(CLIENTS)/npm.log; grep -qE 'E404|ETARGET' $(CLIENTS)/npm.log || exit 1; \
	    echo "leanto: SKIPPED CompatCanary: npm's registry lacks it"; fi

lint: setup ## Check style, types and layers.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: setup ## Regenerate what is generated: pages under docs/reference, levels and schemas of the policies.
	@$(BIN)/python -m leanto.reference

check: setup ## Hold the presets to the rules, before anything exists.
	@for stack in managed gpu hybrid; do $(BIN)/leanto check --stack $$stack || exit $$?; done

bench: engine ## Measure presets in AWS in a box, rules beside Checkov, the gateway beside LiteLLM, nodes beside their engine; writes docs/benchmarks.
	@$(BIN)/python -m benchmarks.embedded
	@$(BIN)/python -m benchmarks.policies
	@$(BIN)/python -m benchmarks.gateway
	@$(BIN)/python -m benchmarks.node

bundles: setup ## Build the function bundles for AWS.
	@$(BIN)/leanto bundle

clean: ## Remove what builds leave behind; the engine stays in the cache.
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
