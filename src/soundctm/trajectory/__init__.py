"""CTM: anytime-to-anytime jumps of the student, and the sampler that strings them together."""

from soundctm.trajectory.course import Landing, Steer, Trajectory
from soundctm.trajectory.jump import g, jump
from soundctm.trajectory.sampler import embark, sample

__all__ = ["Landing", "Steer", "Trajectory", "embark", "g", "jump", "sample"]
