# The first target that needs something sets it up: only Python 3.11 or newer and make are required.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
# A partial environment must not look complete.
.DELETE_ON_ERROR:

PYTHON ?= python3
# More than the number of cores, because the end-to-end tests mostly wait for the sandbox's clock, but not many more,
# because each process has to collect all tests.
TEST_PROCESSES ?= 8
# This file's modification time is when the bytecode caches were last filled.
COLLECTED := tests/__pycache__/.collected
# uv from PATH, or else the locked one, which is installed into .uv.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
# Where `make install` puts the bot: PREFIX=/opt/bolt-bot for a service.
PREFIX ?= .run
# CHARTS=no leaves out the library that draws charts.
CHARTS ?= yes
ENGINE ?= docker
# The image's name, with a registry if it's pushed to one. Its tag is the version.
IMAGE ?= bolt-bot
VERSION = $(shell sed -nE 's/^version = "(.*)"$$/\1/p' pyproject.toml)
# The development environment.
BIN := .venv/bin
CONFORMANCE := .conformance/bin/python
# Ignores an environment that happens to be active in the shell.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX
# Without bytecode caches, every test process would compile the whole bot and all tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1\t\2/' | expand -t 22

# Not editable: the bot stays as it is until the next `make install`, whatever happens to this folder.
.PHONY: install
install: $(UV) ## Install the bot as .run/bin/bolt-bot, or below PREFIX=/opt/bolt-bot.
	@tools/python-check.sh $(PYTHON)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(PREFIX)
	$(UV) pip sync --quiet --compile-bytecode --python $(PREFIX)/bin/python --require-hashes \
		requirements/$(if $(filter no,$(CHARTS)),run,run-charts).txt
	$(UV) pip install --quiet --compile-bytecode --python $(PREFIX)/bin/python --no-deps --reinstall-package bolt-bot \
		--build-constraints requirements/build.txt .

.PHONY: dev
dev: .venv/.installed ## Set up .venv for development: the bot and the sandbox from this folder, and the tools.

# With podman and buildah, HEALTHCHECK needs Docker's format.
.PHONY: image
image: ## Build the image with docker, or with ENGINE=podman. IMAGE=registry/name names it, CHARTS=no leaves out the charts.
	$(ENGINE) build $(if $(findstring docker,$(ENGINE)),,--format docker) --build-arg CHARTS=$(CHARTS) \
		--build-arg VERSION=$(VERSION) --build-arg REVISION="$$(git rev-parse HEAD)" --tag $(IMAGE):$(VERSION)$(if $(filter no,$(CHARTS)),-no-charts) .

.PHONY: demo
demo: dev ## Run the bot with a local Bolt API and a local Slack workspace, which you use in a browser or in this terminal.
	@$(BIN)/bolt-bot demo $(DEMO_ARGS)

.PHONY: test
test: dev ## Run the tests. PYTEST_ARGS="-k word" selects some of them.
	@# If much has changed, one process fills the bytecode caches, instead of all processes at once.
	@[[ -e $(COLLECTED) && "$$(find bot tests sandbox -name '*.py' -newer $(COLLECTED) | wc -l)" -lt 20 ]] \
		|| { $(BIN)/python -m pytest --collect-only -qq >/dev/null || true; mkdir -p $(dir $(COLLECTED)); touch $(COLLECTED); }
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal $(PYTEST_ARGS)

.PHONY: check
check: dev ## Run linters and type checks; check import boundaries, dead code, the Dockerfile and the manifest.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/vulture
	$(BIN)/hadolint Dockerfile
	tools/secrets.sh
	$(BIN)/python -m pytest -q tests/test_manifest.py

.PHONY: audit
audit: $(UV) ## Check the locked packages for known vulnerabilities, if the advisory service can be reached.
	tools/audit.sh $(UV)

.PHONY: bench
bench: dev .conformance/.installed ## Measure the bot against rivals and limits, and write bench/results.md. Takes about an hour.
	$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: bench-quick
bench-quick: dev ## Try every measurement on a small scale, without checking the goals. Takes under two minutes.
	$(BIN)/python -m bench --quick $(BENCH_ARGS)

.PHONY: chaos
chaos: dev ## Run several processes with seeded faults, then check invariants. CHAOS_ARGS="--seeds 300 --jobs 3".
	$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

.PHONY: conformance
conformance: dev .conformance/.installed ## Test the sandbox's Bolt API with the vendor's own SDK.
	tools/conformance.sh

.PHONY: deploy-check
deploy-check: dev .deploy/.installed ## Check make install, compose.yaml, the Helm chart with a real Helm, and the systemd unit.
	tools/deploy.sh

# Skips the image if this machine has no engine, the chart if it has no Helm, and each Python version that it lacks.
.PHONY: release
release: dev ## Build the packages, the image and the chart into dist/, and check them. See docs/releasing.md.
	tools/release.sh $(UV) $(ENGINE)

.PHONY: snapshot
snapshot: dev ## Generate the last release's data again, from which the upgrade tests start.
	$(BIN)/python -m tools.snapshot

.PHONY: alerts
alerts: ## Copy the alert rules into the Helm chart, which can't read files outside its folder.
	@mkdir -p deploy/helm/bolt-bot/files
	cp deploy/prometheus/alerts.yaml deploy/helm/bolt-bot/files/alerts.yaml

.PHONY: page
page: $(UV) ## Build the sandbox's page from sandbox/page/ into the package.
	tools/page.sh $(UV) build

.PHONY: page-check
page-check: $(UV) ## Check that the page in the package matches its source.
	tools/page.sh $(UV) check

.PHONY: messages
messages: dev ## Generate docs/messages.md, every sentence that people see, from the code.
	$(BIN)/python tools/messages.py

.PHONY: settings
settings: dev ## Generate the tables of docs/settings.md from the settings' texts.
	$(BIN)/python -m tools.settings

.PHONY: commands
commands: dev ## Generate docs/commands.md, every slash command, from the grammar.
	$(BIN)/python -m tools.commands

.PHONY: hints
hints: dev ## Generate docs/hints.md from the table of hints.
	$(BIN)/python -m tools.hints

.PHONY: examples
examples: dev ## Try the examples of CONTRIBUTING.md on a copy of the project.
	$(BIN)/python -m tools.examples

.PHONY: screenshots
screenshots: dev ## Retake the README's pictures of the sandbox. Needs an emoji font (fonts-noto-color-emoji).
	$(BIN)/python -m tests.browser.screenshots

.PHONY: lock
lock: $(UV) ## Generate requirements/*.txt from both pyproject.toml files.
	tools/lock.sh $(UV)

.PHONY: clean
clean: ## Remove everything that was installed or generated. The bot's data stays.
	rm -rf .run .venv .uv .node .conformance .deploy sandbox/page/node_modules dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

.uv/bin/uv: requirements/uv.txt
	@tools/python-check.sh $(PYTHON)
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@touch $@

# uv records the interpreter in the environment, and replaces it there if PYTHON is another one.
.venv/.installed: requirements/dev.txt requirements/build.txt pyproject.toml sandbox/pyproject.toml | $(UV)
	@tools/python-check.sh $(PYTHON)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --build-constraints requirements/build.txt \
		--editable . --editable sandbox
	@touch $@

.conformance/.installed: tests/conformance/requirements.txt | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .conformance
	$(UV) pip sync --quiet --python $(CONFORMANCE) --require-hashes tests/conformance/requirements.txt
	@touch $@

.deploy/.installed: tests/deploy/requirements.txt | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .deploy
	$(UV) pip sync --quiet --python .deploy/bin/python --require-hashes tests/deploy/requirements.txt
	@touch $@
