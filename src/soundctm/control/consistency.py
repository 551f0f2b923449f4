"""Data consistency: every clean estimate is made to agree with what was observed of the sound (Moliner et al. 2023)."""

import torch
from torch import Tensor

from soundctm.control.codec import Codec
from soundctm.control.observation import Observation
from soundctm.trajectory import Landing


class DataConsistency:
    """The jump aims beside its own aim by what the observation corrects, for :func:`soundctm.trajectory.sample`.

    With ``x = D(G(z, text, omega, t, sigma_min))`` the sound that the trajectory would end in and ``P`` the projection
    that puts what was observed into it, ``z_s <- z_s + (1 - s/t) (E(P(x)) - E(x))``. What the observation leaves alone
    goes on as the student's own jump. (Aiming at ``E(P(x))`` itself would send the whole sound through decoder and
    encoder at every step: the speckle of a decoded noise is encoded, decoded, and soon heard as tones.)
    """

    def __init__(self, codec: Codec, observation: Observation, length: int) -> None:
        self.codec = codec
        self.observation = observation
        self.length = length

    @torch.no_grad()
    def __call__(self, landing: Landing) -> Tensor:
        x = self.codec.decode(landing.clean(landing.z), self.length)
        agreeing = self.observation(x.cpu()).to(x.device)  # observations live on the CPU, and some need float64
        correction = self.codec.encode(agreeing) - self.codec.encode(x)
        return landing.z_s + (1 - landing.s / landing.t) * correction
