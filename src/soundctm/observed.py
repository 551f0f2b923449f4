"""What an edit keeps of its recordings, as an observation of the sound that is to be made."""

import torch
from torch import Tensor

from soundctm.audio.edit import Declip, Edit, Extend, ExtendBandwidth, Fill, Join, Loop
from soundctm.control.observation import Declipped, Known, LowBand, Observation
from soundctm.sources import Sources, clipped_at, find, find_clip, waveform


def observed(edit: Edit, sources: Sources, sample_rate: int) -> Observation | None:
    """The observation behind an edit; None for those that keep no samples (transform, morph)."""
    match edit:
        case ExtendBandwidth(cutoff=cutoff):
            return LowBand(find(edit.source, sources, sample_rate), cutoff, sample_rate)
        case Declip(level=level):
            clip = find_clip(edit.source, sources)
            return Declipped(waveform(clip, sample_rate), clipped_at(clip, level, sample_rate))
        case Fill(start=start, end=end):
            return _without(find(edit.source, sources, sample_rate), start, end, sample_rate)
        case Extend(before=before, after=after):
            first, last = _silence(before, sample_rate), _silence(after, sample_rate)
            return _joined([first, find(edit.source, sources, sample_rate), last], (False, True, False), sample_rate)
        case Join(gap=gap):
            parts = [find(source, sources, sample_rate) for source in (edit.source, edit.other)]
            return _joined([parts[0], _silence(gap, sample_rate), parts[1]], (True, False, True), sample_rate)
        case Loop(seam=seam):
            x = find(edit.source, sources, sample_rate)
            middle = (x.shape[-1] // 2) / sample_rate
            turned = x.roll(x.shape[-1] // 2, dims=-1)
            return _without(turned, middle - seam / 2, middle + seam / 2, sample_rate)
        case _:
            return None


def _silence(seconds: float, sample_rate: int) -> Tensor:
    return torch.zeros(1, 1, round(seconds * sample_rate))


def _joined(parts: list[Tensor], kept: tuple[bool, ...], sample_rate: int) -> Known:
    """Parts one after another, of which some are kept."""
    known = [torch.full((part.shape[-1],), keep) for part, keep in zip(parts, kept, strict=True)]
    return Known(torch.cat(parts, dim=-1), torch.cat(known), sample_rate)


def _without(x: Tensor, start: float, end: float, sample_rate: int) -> Known:
    """All of ``x`` but what lies between ``start`` and ``end`` seconds."""
    known = torch.ones(x.shape[-1], dtype=torch.bool)
    known[round(start * sample_rate) : round(end * sample_rate)] = False
    return Known(x, known, sample_rate)
