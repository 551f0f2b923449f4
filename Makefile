# Everything a fresh machine needs: `make demo` and `make test` set themselves up in .venv.
# Python 3.11 to 3.13; another one than python3 is given by: make demo PYTHON=python3.12
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# PyPI's torch for Linux brings gigabytes of CUDA; this index has the CPU build. Without it, PyPI's is taken.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# Waiting threads sleep instead of spinning: on a busy machine, spinning ones take the cores from working ones.
export OMP_WAIT_POLICY = PASSIVE
export GOMP_SPINCOUNT = 0

.PHONY: demo test lint fast slow train-mini reproduce clean

demo: $(STAMP)
	@$(BIN)/soundctm demo --out sounds

test: lint fast slow

lint: $(STAMP)
	@echo "Lint: ruff, mypy"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary

fast: $(STAMP)
	@echo "Fast tests"
	@$(BIN)/pytest -m "not slow" -n auto --dist worksteal

slow: $(STAMP)
	@echo "Slow tests, two at a time: many of them begin processes of their own"
	@$(BIN)/pytest -m slow -n 2 --dist worksteal

train-mini: $(STAMP)
	@$(PIP) install --constraint constraints.txt --editable '.[train]'
	@$(BIN)/soundctm train mini

# The paper's ablations on the embedded model, into docs/reproduction.md: about two hours on four cores; run it again to
# go on. SCALE multiplies clips, training steps and takes; another SCALE needs another REPRODUCTION.
THREADS ?= 3
SCALE ?= 1
REPRODUCTION ?= runs/reproduce
reproduce: $(STAMP)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/reproduce.py --out $(REPRODUCTION) --threads $(THREADS) --scale $(SCALE)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit(\
	"soundctm needs Python 3.11 to 3.13, %s is %d.%d; name another with: make PYTHON=python3.12" % (sys.executable, *v))'
	@echo "Setting up $(VENV), once: torch (200 MB) and the other packages take a minute or two"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --retries 1 install --no-deps --constraint constraints.txt --extra-index-url $(TORCH_INDEX) torch 2>/dev/null \
		|| $(PIP) install --no-deps --constraint constraints.txt torch
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) sounds
