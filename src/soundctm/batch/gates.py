"""What a take must be to be kept: thresholds, and the judgement.

Each default is the one that lets takes of the embedded model pass that an independent listener recognises;
docs/batch.md has the figures.
"""

from pydantic import BaseModel, ConfigDict, Field

from soundctm.batch.ear import Heard
from soundctm.batch.grasp import Grasp


class Gates(BaseModel):
    """``silence``: dB full scale that the loudest 50 ms must reach. ``clipping``: largest share of samples at full
    scale. ``dc``: largest mean of the samples, of full scale. ``length_tolerance``: seconds by which the length may be
    wrong. ``match``: smallest cosine between prompt and sound in the joint space of the text encoder. ``duplicate``:
    likeness to another take of the row from which on it counts as the same. ``understood``: smallest cosine between
    the prompt and what the model understood instead, where it did."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    silence: float = Field(default=-60.0, ge=-200, le=0)
    clipping: float = Field(default=0.005, ge=0, le=1)
    dc: float = Field(default=0.03, ge=0, le=1)
    length_tolerance: float = Field(default=0.001, ge=0, le=600)
    match: float = Field(default=0.3, ge=-1, le=1)
    duplicate: float = Field(default=0.999, gt=-1, le=2)
    understood: float = Field(default=0.38, ge=-1, le=1)

    def refusal(self, grasp: Grasp) -> str:
        """Why no take of a prompt is worth making, in words; "" where it is."""
        if grasp.nearness is None or grasp.nearness >= self.understood:
            return ""
        far = f"({grasp.nearness:.2f}; {self.understood:g} is needed)"
        return f'understood as "{grasp.text}", which is too far from the prompt {far}; say it in other words'

    def faults(self, heard: Heard) -> list[str]:
        """What keeps a take out by itself, in words; none for a good one."""
        if not heard.finite:
            return ["broken: it has samples that are no numbers"]
        found = []
        if heard.loudest < self.silence:
            found.append(f"silence: the loudest 50 ms are at {heard.loudest:.1f} dB, below {self.silence:g}")
        if heard.clipped > self.clipping:
            found.append(f"clipping: {heard.clipped:.2%} of its samples are at full scale, above {self.clipping:.2%}")
        if abs(heard.dc) > self.dc:
            found.append(f"DC: its mean is {heard.dc:+.4f} of full scale, beyond {self.dc:g}")
        if abs(heard.seconds - heard.wanted) > self.length_tolerance:
            found.append(f"length: {heard.seconds:.4f} s instead of {heard.wanted:.4f} s")
        if heard.match is not None and heard.match < self.match:
            found.append(f"match: {heard.match:.3f} to the prompt, below {self.match:g}")
        return found
