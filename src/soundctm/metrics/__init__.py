"""How close, how varied, how obedient: distances between sets of sounds, and the evaluator network they use."""
