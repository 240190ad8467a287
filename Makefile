# Everything below installs what it needs, Debian packages included, on a machine with git, make, python3 and pip.
# As root, or as somebody who may use sudo without a password.

VENV := .venv
BIN := $(VENV)/bin
ROUNDS := 5
# Throw-away hosts need root; a plain user gets it for that part alone.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n --preserve-env=PATH,HOME,CI,RIGWRIGHT_DEBIAN_MIRROR)
# Tests on throw-away hosts that run at a time.
WORKERS := 2

.PHONY: help venv hosts try test test-unit test-system test-vm lint bench closed-loop lock clean

help:  ## show this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 — /p' Makefile

venv: $(VENV)/.complete  ## a virtual environment with everything, from requirements.lock

$(VENV)/.complete: requirements.lock pyproject.toml
	@sh .ci/set-up venv $(VENV)
	@touch $@

hosts: venv  ## the Debian packages that throw-away hosts need
	@sh .ci/set-up hosts $(VENV)

try: hosts  ## a disposable host with two simulated GPUs: applied, verified, asked
	@$(AS_ROOT) $(BIN)/rig try

test: lint test-unit hosts  ## lint, unit tests and the quick tests on throw-away hosts
	@$(AS_ROOT) $(BIN)/python -m pytest tests/system -m "not slow and not alone and not vm" -n $(WORKERS) --dist worksteal -q --durations=10
	@$(AS_ROOT) $(BIN)/python -m pytest tests/system -m "not slow and alone" -q --durations=10

test-unit: venv
	@$(BIN)/python -m pytest tests/unit -n auto -q

test-system: hosts  ## the slow tests on throw-away hosts (TESTS="access base": only these; DRIFTS=25 KEYS=50: break, change only so many things)
	@$(AS_ROOT) $(BIN)/python -m pytest $(or $(TESTS:%=tests/system/test_%.py),tests/system) -m slow -n $(WORKERS) --dist worksteal $(if $(DRIFTS),--drifts $(DRIFTS)) $(if $(KEYS),--keys $(KEYS)) -q --durations=20

test-vm: hosts  ## the tests on whole machines: QEMU with KVM where that works (TESTS="boot rescue": only these; CUTS=3: cut the power so often)
	@$(AS_ROOT) $(BIN)/python -m pytest $(or $(TESTS:%=tests/system/vm/test_%.py),tests/system/vm) -m vm $(if $(CUTS),--cuts $(CUTS)) -q --durations=20

lint: venv  ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: hosts $(VENV)/.bench  ## ratios to what people would use instead, each measured in one run (ROUNDS=5)
	@$(AS_ROOT) $(BIN)/python -m bench --rounds $(ROUNDS)
	@$(BIN)/python -m bench.keeper

closed-loop: venv  ## write docs/closed-loop.md and docs/shared-power.md anew: rigd against simulated cards
	@$(BIN)/python -m bench.closed_loop --workers $(WORKERS)
	@$(BIN)/python -m bench.shared_power

$(VENV)/.bench: $(VENV)/.complete requirements-bench.lock
	@sh .ci/set-up bench $(VENV)
	@touch $@

LOCK := $(BIN)/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-header --no-emit-index-url \
  --no-emit-find-links --no-emit-trusted-host --no-emit-options --upgrade

# What the bench needs besides goes into the same environment, so it must keep to the versions that are there.
lock: venv  ## write requirements.lock and requirements-bench.lock anew from pyproject.toml
	@$(LOCK) --extra dev -o requirements.lock pyproject.toml
	@$(LOCK) --extra bench -c requirements.lock -o requirements-bench.lock pyproject.toml

clean:  ## remove what was made here (throw-away hosts' roots stay in the user's cache)
	rm -rf $(VENV) .cache build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
