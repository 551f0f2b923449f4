"""Whether a model computes here what it should, how fast, how much of it fits, and what to use."""
