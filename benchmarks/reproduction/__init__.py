"""The paper's ablations on the embedded model, piece by piece: what `benchmarks/reproduce.py` runs."""
