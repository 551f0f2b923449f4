"""The figures of the shipped model, one file per question."""
