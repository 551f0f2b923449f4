"""Several controls on one trajectory."""

from dataclasses import replace

from torch import Tensor

from soundctm.trajectory import Landing, Steer


def chain(*steers: Steer) -> Steer | None:
    """One control that applies several in order, each to where the one before it has landed; None for none."""
    if not steers:
        return None

    def steer(landing: Landing) -> Tensor:
        for each in steers:
            landing = replace(landing, z_s=each(landing))
        return landing.z_s

    return steer
