"""Which relative of a take is tried next, after what came of those before."""

from dataclasses import dataclass, replace
from math import sqrt

LEAST, MOST = 0.005, 1.0  # of gamma
STRIDE = 2.5  # by which gamma moves until it has been both too small and too large
CLOSE = 1.1  # ratio of the two from which on there is nothing between them to try


@dataclass(frozen=True)
class Search:
    """A relative goes the further from its take the larger ``gamma`` is, but how far differs from sound to sound and
    from noise to noise. So the same noise, that of draw ``drawn``, is tried with another gamma, between the largest one
    that stayed too near (``low``, 0 for none) and the smallest one that went too far (``high``, None for none); where
    the distance is not what is at fault, or no gamma is left, other noise is drawn. ``begun`` is the gamma of its first
    try."""

    gamma: float
    begun: float
    drawn: int = 0
    low: float = 0.0
    high: float | None = None

    @classmethod
    def begin(cls, gamma: float) -> "Search":
        """Before the first try, with this ``gamma``; 0 stands for takes of new noise, which gamma does not move."""
        return cls(gamma, gamma)

    def after(self, too_far: bool, too_near: bool) -> "Search":
        """What is tried after a take that was not kept: it was too far from its first or too near, or neither."""
        if too_far == too_near or not self.gamma:
            return self._redrawn()
        known = replace(self, high=self.gamma) if too_far else replace(self, low=self.gamma)
        if known.high is None:
            gamma = min(MOST, self.gamma * STRIDE)
        elif not known.low:
            gamma = max(LEAST, self.gamma / STRIDE)
        else:
            gamma = sqrt(known.low * known.high) if known.high / known.low > CLOSE else self.gamma
        return self._redrawn() if gamma == self.gamma else replace(known, gamma=gamma)

    def _redrawn(self) -> "Search":
        return Search(self.begun, self.begun, self.drawn + 1)
