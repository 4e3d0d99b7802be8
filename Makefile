# make up and make test are all that most people need; make help lists the rest.

VENV ?= .venv
TEST_VENV := build/test-venv
PAGES := src/watchkeeper/hub/static/index.html
AGENT := dist/wk-agent.pyz
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f ! -name '*.test.ts' -print 2>/dev/null)
AGENT_SOURCES := $(shell find src/watchkeeper/base src/watchkeeper/wire src/watchkeeper/uplink src/watchkeeper/agent -name '*.py')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up down status test test-long check web-test bench agent web wheel screenshots lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "make %-12s %s\n", $$1, $$2 }'

up: $(VENV)/.installed $(PAGES) ## build what is missing, start the hub and an agent for this machine, print the address
	@$(VENV)/bin/wk up

down: ## stop the hub and the agent that make up started
	@if [ -x $(VENV)/bin/wk ]; then $(VENV)/bin/wk down; else echo "Nothing runs from this checkout: there is no $(VENV)."; fi

status: ## tell whether the hub and the agent run
	@if [ -x $(VENV)/bin/wk ]; then $(VENV)/bin/wk status || [ $$? = 3 ]; else echo "Nothing runs from this checkout: there is no $(VENV)."; fi

test: ## everything that CI runs, in an environment of its own; installs missing servers where it may
	@tools/servers
	@EXACT=1 $(MAKE) --no-print-directory VENV=$(TEST_VENV) check web-test $(AGENT)
	@$(TEST_VENV)/bin/python -m pytest

test-long: ## the long fault tests: hundreds of kills, a million records
	@tools/servers
	@EXACT=1 $(MAKE) --no-print-directory VENV=$(TEST_VENV) $(TEST_VENV)/.developer $(PAGES) $(AGENT)
	@$(TEST_VENV)/bin/python -m pytest --long -m long --timeout 7200

check: $(VENV)/.developer $(PAGES) ## formatting, lint, types, import rules, the agent's Python floor, the front end's types, links in docs
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/vermin --quiet --no-tips --target=3.9- --violations src/watchkeeper/base src/watchkeeper/wire src/watchkeeper/uplink src/watchkeeper/agent
	$(VENV)/bin/python tools/check_docs.py
	cd web && ../tools/node ../$(VENV) npm run --silent check

web-test: $(VENV)/.developer web/node_modules/.installed ## the front end's unit tests
	cd web && ../tools/node ../$(VENV) npm test --silent

bench: $(VENV)/.developer $(PAGES) $(AGENT) ## measure everything that docs/benchmarks.md tells
	$(VENV)/bin/python -m bench

agent: $(AGENT) ## build dist/wk-agent.pyz, the agent as one file

web: $(PAGES) ## build the front end into the package

wheel: $(VENV)/.developer $(PAGES) ## build dist/watchkeeper-*.whl with the front end and the agent inside
	$(VENV)/bin/uv build --wheel --no-build-isolation --python $(VENV)/bin/python

screenshots: $(VENV)/.developer $(PAGES) ## take the pictures in docs/screenshots from a running hub
	@tools/servers
	$(VENV)/bin/python -m tests.browser.screenshots

lock: $(VENV)/.developer ## compile the pinned requirements anew from pyproject.toml
	@tools/lock $(VENV)

clean: ## stop what runs and remove everything that was built; data/ stays
	@if [ -x $(VENV)/bin/wk ]; then $(VENV)/bin/wk down; fi
	rm -rf build dist src/watchkeeper/hub/static web/node_modules .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.installed: requirements.txt requirements-build.txt pyproject.toml
	@tools/environment $(VENV) requirements.txt requirements-build.txt
	@touch $@

$(VENV)/.developer: requirements-dev.txt pyproject.toml
	@tools/environment $(VENV) requirements-dev.txt
	@touch $@ $(VENV)/.installed

web/node_modules/.installed: web/package-lock.json | $(VENV)/.installed
	@echo "Installing the front end's packages"
	@cd web && ../tools/node ../$(VENV) npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGES): $(WEB_SOURCES) web/node_modules/.installed | $(VENV)/.installed
	@echo "Building the front end"
	@cd web && ../tools/node ../$(VENV) npm run --silent build -- --logLevel warn
	@touch $@

$(AGENT): $(AGENT_SOURCES) | $(VENV)/.installed
	@$(VENV)/bin/python -m watchkeeper.agent.archive $@
