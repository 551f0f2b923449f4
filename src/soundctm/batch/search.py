"""Which relative of a take is tried next, after what came of those before."""

from dataclasses import dataclass, replace
from math import sqrt

LEAST, MOST = 0.01, 1.0  # share of a quarter turn
STRIDE = 2.0  # by which the share moves until it has been both too small and too large
CLOSE = 1.1  # ratio of the two from which on there is nothing between them to try


@dataclass(frozen=True)
class Search:
    """A relative goes the further from its take the larger the ``share`` of a quarter is by which the start is turned,
    but how far differs from sound to sound and from noise to noise. So the same noise, that of draw ``drawn``, is tried
    with another share, between the largest one that stayed too near (``low``, 0 for none) and the smallest one that
    went too far (``high``, None for none); where the distance is not what is at fault, or no share is left, other noise
    is drawn. ``begun`` is the share of its first try."""

    share: float
    begun: float
    drawn: int = 0
    low: float = 0.0
    high: float | None = None

    @classmethod
    def begin(cls, share: float) -> "Search":
        """Before the first try, with this ``share``."""
        return cls(share, share)

    def after(self, too_far: bool, too_near: bool) -> "Search":
        """What is tried after a take that was not kept: it was too far from its first or too near, or neither."""
        if too_far == too_near:
            return self._redrawn()
        known = replace(self, high=self.share) if too_far else replace(self, low=self.share)
        if known.high is None:
            share = min(MOST, self.share * STRIDE)
        elif not known.low:
            share = max(LEAST, self.share / STRIDE)
        else:
            share = sqrt(known.low * known.high) if known.high / known.low > CLOSE else self.share
        return self._redrawn() if share == self.share else replace(known, share=share)

    def _redrawn(self) -> "Search":
        return Search(self.begun, self.begun, self.drawn + 1)
