# `make` alone lists the commands. All set-up happens on first use and again when a requirements file changes.

.DEFAULT_GOAL := help
.PHONY: help run test demo check schema bench posters load soak sabotage lock
SHELL := /bin/sh

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development
BESIDE := $(BIN)/python -m cutroom beside
# Where Python is told to keep no bytecode, each of the many processes would compile everything anew: 5 s, not 2.
unexport PYTHONDONTWRITEBYTECODE
# Values of the right shape, for judging the production settings.
PRODUCTION := env SECRET_KEY=the-quick-brown-fox-jumps-over-the-lazy-dog-0123456789-ABCDEF \
	JWT_SECRET=pack-my-box-with-five-dozen-liquor-jugs-9876543210-UVWXYZ SITE_URL=https://cutroom.example \
	ALLOWED_HOSTS=cutroom.example MAGIC_LINK_FROM=login@cutroom.example SECURE_COOKIES=true DEBUG=false

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(RUNTIME) ## Start everything on http://127.0.0.1:8000 (PORT=… for another port)
	@exec $(BIN)/python -m cutroom run

test: $(DEVELOPMENT) ## Run the test suite (ARGS="-k name" for a part of it, in one process)
	@exec $(BIN)/pytest $(or $(ARGS),-n auto --maxprocesses 4 --dist worksteal)

demo: $(RUNTIME) ## Walk through the product as an HTTP client and write var/demo/video.mp4
	@exec $(BIN)/python -m cutroom demo

check: $(DEVELOPMENT) ## Lint, types, storeys, migrations, API schema, production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BESIDE) $(BIN)/python manage.py makemigrations --check --dry-run --settings=config.settings.test
	$(BESIDE) $(BIN)/python manage.py spectacular --validate --fail-on-warn --file=/dev/null --settings=config.settings.test
	$(BESIDE) $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level=WARNING --settings=config.settings.base
	@if [ -d clients/typescript/node_modules ]; then cd clients/typescript && npm run --silent check; fi

schema: $(DEVELOPMENT) ## Keep the API's description, and the TypeScript types made from it
	$(BESIDE) $(BIN)/python manage.py spectacular --format openapi-json --file clients/python/openapi.json --settings=config.settings.test
	@if command -v npm >/dev/null; then cd clients/typescript && \
		{ [ -d node_modules ] || npm ci --silent --no-audit --no-fund; } && npm run --silent generate; \
	else echo "npm is missing: clients/typescript is out of date until somebody runs this with it." >&2; fi

bench: $(DEVELOPMENT) ## Run the benchmarks (ARGS="--small --only moves"); results under var/bench/
	@exec $(BIN)/python -m tests.bench $(ARGS)

load: $(DEVELOPMENT) ## Two hundred people at once, then more (ARGS="--users 50"); results under var/load/
	@exec $(BIN)/python -m tests.load $(ARGS)

soak: $(DEVELOPMENT) ## 30 minutes of random faults under load (SOAK_SECONDS=…, SOAK_SEED=… repeats a run); CI soaks for 180 s
	SOAK_SECONDS=$${SOAK_SECONDS:-1800} $(BIN)/pytest -s -q tests/chaos/test_soak.py

sabotage: $(DEVELOPMENT) ## Take each protection out of a copy of the code and show which tests turn red
	@exec $(BIN)/python -m tests.chaos.sabotage

posters: $(RUNTIME) ## Draw the sample posters of the looks into docs/looks
	$(BIN)/python -m rendering.media.posters docs/looks

lock: $(DEVELOPMENT) ## Compile requirements*.in into the exact requirements*.txt
	$(BIN)/uv pip compile -q requirements.in requirements-rendering.in requirements-embedded.in -o requirements.txt --python-version 3.11 --universal
	$(BIN)/uv pip compile -q requirements-dev.in -o requirements-dev.txt --python-version 3.11 --universal

# uv installs the whole set in seconds; pip does the same where uv has no build or no way to the index.
define install
	@$(BIN)/uv pip install -q --python $(BIN)/python -r $(1) 2>/dev/null || $(BIN)/python -m pip install -q -r $(1)
endef

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Cutroom needs Python 3.11 or newer; none was found on the PATH." >&2; exit 1; }
	@echo "Setting up (once): virtual environment and packages"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install -q uv || true

$(RUNTIME): requirements.txt | .venv/bin/python
	$(call install,requirements.txt)
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	$(call install,requirements-dev.txt)
	@touch $@
