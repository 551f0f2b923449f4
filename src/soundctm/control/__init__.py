"""What bends a trajectory: targets over time, loss guidance, data consistency, windows, inversion.

A control is any function of a :class:`~soundctm.trajectory.Landing` that returns where the jump lands instead; give it
to :func:`soundctm.trajectory.sample` as ``steer``.
"""

from soundctm.control.chain import chain
from soundctm.control.codec import Codec
from soundctm.control.consistency import DataConsistency
from soundctm.control.guidance import LossGuidance
from soundctm.control.inversion import invert
from soundctm.control.observation import Declipped, Known, LowBand, Observation
from soundctm.control.start import optimise_start
from soundctm.control.target_loss import TargetLoss, deviations
from soundctm.control.targets import from_csv, from_recording, from_shape, parse_points
from soundctm.control.windows import Windows

__all__ = [
    "Codec",
    "DataConsistency",
    "Declipped",
    "Known",
    "LossGuidance",
    "LowBand",
    "Observation",
    "TargetLoss",
    "Windows",
    "chain",
    "deviations",
    "from_csv",
    "from_recording",
    "from_shape",
    "invert",
    "optimise_start",
    "parse_points",
]
