"""How fast a model is on this machine: from the prompt to samples in host memory, against a naive path and against
what the arithmetic alone would need."""

PAPER = "paper-44k-dit-1b"
PRESETS = ("mini", PAPER)
