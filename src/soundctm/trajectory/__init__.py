"""CTM: anytime-to-anytime jumps of the student, and the sampler that strings them together."""

from soundctm.trajectory.jump import g, jump
from soundctm.trajectory.sampler import Landing, Steer, sample

__all__ = ["Landing", "Steer", "g", "jump", "sample"]
