# make demo   the main job on a photograph
# make test   every check and every test
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help
.PHONY: help install demo bench parity check format lint types templates unit test lock publish-template clean

PYTHON ?= $(shell python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo python3 || echo python3.11)
BIN := .venv/bin
# Locks are complete, so pip resolves nothing and refuses every file without a hash in them.
PIP_OPTIONS := --quiet --disable-pip-version-check --require-hashes --no-deps
PIP_INSTALL = $(BIN)/python -m pip install $(PIP_OPTIONS)
# The image's locks for the CPU, in the order in which its Dockerfile installs them.
SERVING_LOCKS := containers/inference/requirements-build.txt containers/inference/requirements-cpu.txt
SOURCES := app.py catalogue stacks workbench containers lambda tests
# Folders that hold packages, as pyproject.toml names them for mypy and pytest.
SOURCE_ROOTS := .:catalogue:containers/inference/serving:lambda/inference
# jsii's banner about Node.js releases past their end of life would hide important output; those releases work.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20

APPLICATION ?= face-detection
MODEL ?=
FRAME ?=
TARGET ?=
REGIONS ?=
REGISTRY ?=
ONLY ?=
ROUNDS ?=
TESTS ?=

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-16s %s\n", $$1, $$2}'

install: .venv/installed .venv/serving/installed node_modules/installed ## set everything up

.venv/installed: requirements-dev.txt containers/inference/requirements-build.txt
	scripts/prerequisites
	@echo "installing Python packages into .venv (a minute or two the first time)"
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --requirement containers/inference/requirements-build.txt
	$(PIP_INSTALL) --no-build-isolation --use-pep517 --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m pip check
	touch $@

# What the serving program runs in here: the packages of the image and no others, so that what serves here serves there.
# The stamp is a copy of the locks; the workbench compares it with them.
.venv/serving/installed: $(SERVING_LOCKS) | .venv/installed
	@echo "installing the packages of the image into .venv/serving, from pip's cache"
	rm -rf .venv/serving
	$(PYTHON) -m venv .venv/serving
	for lock in $(SERVING_LOCKS); do \
		.venv/serving/bin/python -m pip install $(PIP_OPTIONS) --no-build-isolation --use-pep517 --requirement $$lock; \
	done
	.venv/serving/bin/python -m pip uninstall --quiet --yes setuptools
	cat $(SERVING_LOCKS) > $@

.venv/checkov/installed: .venv/installed requirements-checkov.txt
	$(BIN)/python -m venv .venv/checkov
	.venv/checkov/bin/python -m pip install $(PIP_OPTIONS) --requirement requirements-checkov.txt
	touch $@

.venv/export/installed: .venv/installed requirements-export.txt
	rm -rf .venv/export
	$(PIP_INSTALL) --target .venv/export --requirement requirements-export.txt
	touch $@

.venv/bench/installed: .venv/installed requirements-bench.txt
	rm -rf .venv/bench
	$(PIP_INSTALL) --target .venv/bench --requirement requirements-bench.txt
	touch $@

.venv/parity/installed: .venv/installed requirements-parity.txt
	@echo "installing the exporters into .venv/parity (7 GB, for PyPI's PyTorch brings CUDA)"
	rm -rf .venv/parity
	$(PYTHON) -m venv .venv/parity
	.venv/parity/bin/python -m pip install $(PIP_OPTIONS) --requirement requirements-parity.txt
	touch $@

node_modules/installed: package.json package-lock.json
	npm ci --no-fund --no-audit --loglevel=error
	touch $@

demo: install ## send a photograph the whole way: APPLICATION=, MODEL=, FRAME= and TARGET= choose
	$(BIN)/python -m workbench demo --application $(APPLICATION) $(if $(MODEL),--model $(MODEL)) $(if $(FRAME),--frame "$(FRAME)") $(if $(TARGET),--target "$(TARGET)")

check: lint types templates ## all checks that are not tests

lint: install
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	PYTHONPATH=$(SOURCE_ROOTS) $(BIN)/lint-imports --cache-dir .cache/import-linter pyproject.toml
	$(BIN)/hadolint containers/*/Dockerfile

types: install
	$(BIN)/mypy

templates: install .venv/checkov/installed ## cdk-nag, cfn-lint and checkov over the synthesized template, for regions of every partition
	npx --no-install cdk synth --quiet --no-staging --output .cache/cdk.out --context nag=true
	scripts/check-template .cache/cdk.out/*.template.json

unit: install ## the tests that need no synth and start no process, in under a minute: TESTS= chooses
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not synth and not processes and not slow" $(TESTS)

test: check .venv/export/installed .venv/bench/installed ## every check and every test: TESTS= chooses
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(TESTS)

bench: install .venv/export/installed .venv/bench/installed ## how fast, beside other servers: ONLY=, ROUNDS= and SECONDS= choose
	$(BIN)/python -m workbench speed $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS))

parity: install .venv/parity/installed ## answers beside those of models' own exporters, box by box: ONLY= chooses
	$(BIN)/python -m workbench.parity $(if $(ONLY),--only $(ONLY))

format: install ## bring the sources into shape
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

lock: .venv/installed ## lock what the requirements*.in name, with hashes; needs PyPI
	scripts/lock

publish-template: install ## publish a one-click template: BUCKET= and VERSION=; REGIONS= and REGISTRY= choose
	$(BIN)/python -m workbench publish --bucket "$(BUCKET)" --version "$(VERSION)" $(if $(REGIONS),--regions $(REGIONS)) $(if $(REGISTRY),--registry $(REGISTRY))

clean: ## remove what make made
	rm -rf .venv node_modules .cache cdk.out out .mypy_cache .ruff_cache .pytest_cache .hypothesis
