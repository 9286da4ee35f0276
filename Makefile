# Every target installs what it needs (tools/bootstrap) and nothing more. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.PHONY: help setup build build-tests configure-tests demo test check bench soak fuzz install bundle \
  test-bare test-bundle format clean

BUILD ?= build
PREFIX ?= /usr/local
# Extra flags for cmake, for example CMAKE_FLAGS=-DMILLRACE_WERROR=ON.
CMAKE_FLAGS ?=
# How long `make fuzz` looks at each target.
SECONDS_EACH ?= 60
# How much of the global stages `make soak` runs: 50 million rows and 10 GB.
SCALE ?= 1
# One test: a room (io), a golden case (cases/0007) or a path below tests/.
ONE ?=

python := .venv/bin/python
demo_config := examples/demo/pipeline.yaml

help: ## This list
	@printf 'make TARGET, one of:\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what the build and the tests need
	@tools/bootstrap test

$(BUILD)/build.ninja: CMakeLists.txt
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS)
	@touch $@

build: ## Build the millrace binary
	@tools/bootstrap build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) $(if $(NINJA_QUIET),--quiet) millrace

build-tests: configure-tests
	@ninja -C $(BUILD)

# The tests go through the Python module too, which the plain build does not make.
configure-tests:
	@tools/bootstrap test
	@{ [[ -z '$(CMAKE_FLAGS)' ]] && \
	  grep -qs '^MILLRACE_PYTHON_MODULE:BOOL=ON' $(BUILD)/CMakeCache.txt; } || \
	  cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS) -DMILLRACE_PYTHON_MODULE=ON

demo: ## Build, then turn this machine's own files into an audited Parquet release
	@$(MAKE) --no-print-directory build NINJA_QUIET=1
	@$(python) tools/demo_data.py --out build/demo/data
	@$(BUILD)/cli/millrace run $(demo_config)

ifeq ($(ONE),)
test: build-tests ## All tests, C++ and Python, with one verdict; ONE=io or ONE=cases/0007 for one
	@$(python) tools/run_tests.py --build $(BUILD)
else
test: configure-tests
	@$(python) tools/run_tests.py --build $(BUILD) --one '$(ONE)'
endif

check: ## What CI also asks: tidy, format, lint, types, clang 14, sanitizers, fuzz seeds
	@tools/bootstrap check
	@tools/check

bench: ## Speed and memory beside DuckDB, Polars, pyarrow and datatrove; writes docs/benchmarks*.md
	@tools/bootstrap bench
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS) -DMILLRACE_BENCH=ON -DMILLRACE_PYTHON_MODULE=ON
	@ninja -C $(BUILD) millrace make_data schedule_benchmark millrace_python
	@$(python) bench/run.py --build $(BUILD) --report docs/benchmarks.md
	@$(python) bench/curation.py --build $(BUILD) --report docs/benchmarks_curation.md
	@$(python) bench/operators.py --build $(BUILD) --report docs/benchmarks_operators.md
	@$(python) bench/python_dataset.py --build $(BUILD) --report docs/benchmarks_python.md

soak: ## The long runs: kills, large files and stages under a memory limit; SCALE=0.1 for a tenth
	@tools/bootstrap soak
	@$(MAKE) --no-print-directory build
	@$(python) -m pytest -q -m long
	@$(python) -m pytest -q tests/storage/test_azure.py
	@$(python) tests/pollution/report.py --report docs/messy_files.md
	@ninja -C $(BUILD) millrace_stage_test
	@$(python) tests/soak/soak.py --scale $(SCALE)

fuzz: ## Look for inputs that break a parser; SECONDS_EACH=60 for each target, ONE=csv for one
	@tools/bootstrap fuzz
	@tools/fuzz --seconds $(SECONDS_EACH) $(ONE)

install: build ## Install to PREFIX (default /usr/local; DESTDIR is respected)
	@DESTDIR='$(DESTDIR)' cmake --install $(BUILD) --prefix '$(PREFIX)'

bundle: ## One archive for machines without a network, in dist/ (docs/guides/air_gapped.md)
	@tools/bootstrap test
	@$(MAKE) --no-print-directory build
	@tools/bundle/make $(BUILD)

test-bundle: bundle ## Prove the bundle on bare Debian 12 roots without a network (needs root or sudo)
	@tools/bootstrap bare
	@tools/test_bundle

test-bare: ## Prove set-up and demo on a bare Debian 12 root (needs root or sudo)
	@tools/bootstrap bare
	@tools/test_bare

format: ## Reformat C++ and Python sources
	@tools/bootstrap check
	@git ls-files -z '*.cc' '*.h' | xargs -0 -r clang-format-14 -i
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix-only --quiet .

clean: ## Remove what the build made (.venv stays)
	rm -rf build build-asan build-clang build-fuzz build-cp* dist
