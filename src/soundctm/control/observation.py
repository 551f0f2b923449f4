"""What was observed of a sound, and the projections of any sound onto what agrees with it (Moliner et al. 2023)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from soundctm.control.bridge import fill_gaps, limit_slopes
from soundctm.control.continuity import continuing
from soundctm.control.limiter import SECONDS, limited, room_beside
from soundctm.errors import UserError


class Observation(Protocol):
    """Part of a sound. Both calls take and return ``[B, 1, length]``, of the length of what was ``observed``."""

    @property
    def observed(self) -> Tensor:
        """The samples ``[1, 1, length]`` of which a part is known."""
        ...

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` with the observed part put in: the projection for estimates on the way. Gradients flow through."""
        ...

    def finish(self, x: Tensor) -> Tensor:
        """The final sound: a generated ``x``, before or after the projection, with the observed part exact and
        without clicks where the two meet. No gradients."""
        ...


@dataclass(frozen=True, eq=False)
class LowBand:
    """The band up to ``cutoff`` Hz of ``observed [1, 1, length]``, for bandwidth extension.

    ``P(x) = M y + (1 - M) x`` over the frequencies of the whole sound, without phase shift. ``M`` is 1 up to the
    cutoff: this band is kept to the rounding of float32. It falls to 0 like a raised cosine over the ``transition`` Hz
    above, where a low-passed recording has nothing left: the narrow dip is not audible, the ringing of a sharper edge
    may be. Beyond, ``x`` is untouched. With a transition of 0 Hz, ``P(P(x)) = P(x)``; otherwise the two differ within
    the transition, by ``M (1 - M) (y - x)``. The ends are joined as in a circle.
    """

    observed: Tensor
    cutoff: float
    sample_rate: int
    transition: float = 100.0

    def __post_init__(self) -> None:
        _check_observed(self.observed)
        if not 0 < self.cutoff < self.sample_rate / 2:
            raise UserError(
                f"cutoff is {self.cutoff:g} Hz; for a sound at {self.sample_rate} Hz "
                f"it must lie above 0 and below {self.sample_rate / 2:g} Hz"
            )
        if not 0 <= self.transition < float("inf"):
            raise ValueError(f"LowBand: transition is {self.transition} Hz; it must be 0 or more")

    def mask(self) -> Tensor:
        """Share of each frequency that comes from the observed: float64 ``[length // 2 + 1]``."""
        f = torch.fft.rfftfreq(self.observed.shape[-1], 1 / self.sample_rate, dtype=torch.float64)
        if self.transition == 0:
            return (f <= self.cutoff * (1 + 1e-12)).double()  # a bin at the cutoff counts, however its f is rounded
        return 0.5 + 0.5 * torch.cos(torch.pi * ((f - self.cutoff) / self.transition).clamp(0, 1))

    def __call__(self, x: Tensor) -> Tensor:
        y = _observed_like(self.observed, x)
        spectrum = torch.fft.rfft(y.double() - x.double()) * self.mask().to(x.device)
        return (x.double() + torch.fft.irfft(spectrum, n=x.shape[-1])).to(x.dtype)

    @torch.no_grad()
    def finish(self, x: Tensor) -> Tensor:
        """The invented goes on from the kept (:func:`soundctm.control.continuity.continuing`), and gives way where both
        together would go beyond full scale."""
        kept, whole = self(torch.zeros_like(x)), self(x)
        gain = continuing(_numpy(kept), _numpy(whole - kept), self.cutoff, self.sample_rate)
        whole = self(kept + _tensor_like(gain, x) * (whole - kept))
        if float(whole.abs().max()) <= 1.0:
            return whole
        # Less than full scale, as the projection that follows moves single samples up again.
        gain = room_beside(_numpy(kept), _numpy(whole - kept), round(SECONDS * self.sample_rate), ceiling=0.99)
        return self(kept + _tensor_like(gain, x) * (whole - kept))


@dataclass(frozen=True, eq=False)
class Known:
    """The samples of ``observed [1, 1, length]`` where ``known`` (bool ``[length]``), for gaps and for what lies before
    or after a recording.

    ``P`` puts them in. ``finish`` also meets them without a click: from each border into a gap, what linear prediction
    expects to follow fades to the generated over ``fade`` seconds; where the generated would go beyond full scale, it
    gives way. ``observed`` may hold anything where not known.
    """

    observed: Tensor
    known: Tensor
    sample_rate: int
    fade: float = 0.01

    def __post_init__(self) -> None:
        length = self.observed.shape[-1]
        if self.known.dtype != torch.bool or self.known.shape != (length,):
            raise ValueError(f"Known: known is {self.known.dtype} {tuple(self.known.shape)}; expected bool [{length}]")
        if not self.known.any():
            raise UserError("nothing is known of the sound: the gap covers all of it; keep some of the recording")
        _check_observed(self.observed, self.known)
        if not 0 <= self.fade < float("inf"):
            raise ValueError(f"Known: fade is {self.fade} seconds; it must be 0 or more")

    def __call__(self, x: Tensor) -> Tensor:
        return torch.where(self.known.to(x.device), _observed_like(self.observed, x), x)

    @torch.no_grad()
    def finish(self, x: Tensor) -> Tensor:
        fade = round(self.fade * self.sample_rate)
        observed, known = _numpy(self.observed)[0, 0], self.known.cpu().numpy()
        inside = _numpy(limited(x, self.sample_rate))[:, 0]
        filled = np.stack([fill_gaps(sound, observed, known, fade) for sound in inside])
        return self(_tensor_like(filled[:, None], x))


@dataclass(frozen=True, eq=False)
class Declipped:
    """``observed [1, 1, length]`` that was cut where ``clipped`` (bool ``[length]``): there the sound is only known to
    lie at the observed or beyond it, on its side; the other samples are known.

    ``P`` keeps the known and moves each of the others to the nearest value that its side and the observed allow.
    ``finish`` also lets the sound leave and reach the known samples no faster than the observed moves anywhere.
    """

    observed: Tensor
    clipped: Tensor

    def __post_init__(self) -> None:
        _check_observed(self.observed)
        length = self.observed.shape[-1]
        if self.clipped.dtype != torch.bool or self.clipped.shape != (length,):
            raise ValueError(
                f"Declipped: clipped is {self.clipped.dtype} {tuple(self.clipped.shape)}; expected bool [{length}]"
            )
        if bool(self.clipped.all()):
            raise UserError("every sample is clipped, so nothing is known; give the level at which peaks are cut")

    def __call__(self, x: Tensor) -> Tensor:
        y = _observed_like(self.observed, x)
        beyond = y.sign() * torch.maximum(y.sign() * x, y.abs())
        return torch.where(self.clipped.to(x.device), beyond, y)

    @torch.no_grad()
    def finish(self, x: Tensor) -> Tensor:
        observed, clipped = _numpy(self.observed)[0, 0], self.clipped.cpu().numpy()
        limited = np.stack([limit_slopes(sound, observed, clipped) for sound in _numpy(x)[:, 0]])
        return self(_tensor_like(limited[:, None], x))


def _check_observed(observed: Tensor, known: Tensor | None = None) -> None:
    if observed.ndim != 3 or observed.shape[:2] != (1, 1) or observed.shape[2] < 2:
        raise ValueError(f"observed is {tuple(observed.shape)}; expected [1, 1, length] of at least 2 samples")
    if not bool(torch.isfinite(observed if known is None else observed[..., known]).all()):
        raise UserError("the recording holds samples that are not numbers (NaN or infinite); repair it first")


def _observed_like(observed: Tensor, x: Tensor) -> Tensor:
    if x.ndim != 3 or x.shape[1:] != observed.shape[1:]:
        raise ValueError(f"x is {tuple(x.shape)}; what was observed needs [B, 1, {observed.shape[2]}]")
    return observed.to(x)


def _numpy(x: Tensor) -> np.ndarray:
    return x.detach().cpu().double().numpy()


def _tensor_like(samples: np.ndarray, x: Tensor) -> Tensor:
    return torch.from_numpy(samples).to(x)
