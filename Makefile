# Everything a fresh machine needs: `make demo` and `make test` set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export OMP_WAIT_POLICY = PASSIVE
export GOMP_SPINCOUNT = 0

.PHONY: demo test lint fast slow train-mini clean

demo: $(STAMP)
	$(BIN)/soundctm demo --out sounds

test: lint fast slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

fast: $(STAMP)
	$(BIN)/pytest -m "not slow"

slow: $(STAMP)
	$(BIN)/pytest -m slow

train-mini: $(STAMP)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train]'
	$(BIN)/soundctm train mini

$(STAMP): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once; the packages take a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'torch>=2.4'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) sounds
