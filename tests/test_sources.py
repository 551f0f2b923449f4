"""Recordings on their way into a model."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, UserError
from soundctm.audio.edit import Source
from soundctm.audio.resample import resample
from soundctm.sources import check_source, find, waveform
from tests.oracles.recordings import recording


def test_a_recording_at_the_models_rate_passes_sample_by_sample() -> None:
    clip = recording()
    assert waveform(clip, 8000).shape == (1, 1, 8000)
    assert np.array_equal(waveform(clip, 8000)[0].numpy(), clip.samples)


def test_channels_are_averaged() -> None:
    clip = recording(channels=2)
    assert np.allclose(waveform(clip, 8000)[0, 0].numpy(), (clip.samples[0] + clip.samples[1]) / 2, atol=1e-7)


@pytest.mark.parametrize(("rate", "seconds"), [(16000, 1.0), (44100, 0.777), (6000, 0.5)])
def test_another_rate_is_brought_to_the_models(rate: int, seconds: float) -> None:
    clip = recording(rate=rate, seconds=seconds)
    x = waveform(clip, 8000)
    assert x.shape[-1] == round(clip.samples.shape[1] * 8000 / rate) and x.dtype == torch.float32
    assert np.array_equal(x[0].numpy(), resample(clip.samples, rate, 8000))


def test_a_clip_in_memory_is_as_its_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clip = Clip(rng.uniform(-1.3, 1.3, (2, 777)).astype(np.float32), 11025)
    again = Clip.load(clip.save(tmp_path / "a.wav"))
    assert not np.array_equal(clip.samples, again.samples)
    assert torch.equal(waveform(clip, 8000), waveform(again, 8000))


def test_recordings_are_found_by_digest_whatever_their_names() -> None:
    clips = [recording(seed) for seed in (1, 2, 3)]
    sources = {clip.digest: clip for clip in clips}
    for clip in clips:
        assert torch.equal(find(Source(name="whatever", digest=clip.digest), sources, 8000), waveform(clip, 8000))


@pytest.mark.parametrize("given", [[], [recording(5)]])
def test_a_recording_that_is_missing_is_named(given: list[Clip]) -> None:
    source = Source(name="sea.wav", digest="0123456789abcdef")
    with pytest.raises(UserError, match=r"recording sea\.wav \(digest 0123456789abcdef\)") as caught:
        find(source, {clip.digest: clip for clip in given}, 8000)
    assert str(caught.value).endswith(f"recordings given: {given[0].digest if given else 'none'}")


def test_recordings_that_are_none_are_refused() -> None:
    check_source(recording(), "a.wav")
    with pytest.raises(UserError, match=r"a\.wav has no samples"):
        check_source(Clip(np.zeros((1, 0), np.float32), 8000), "a.wav")
    for bad in (np.nan, np.inf, -np.inf):
        samples = recording(channels=2).samples.copy()
        samples[1, 77] = bad
        with pytest.raises(UserError, match=r"a\.wav has samples that are no numbers"):
            check_source(Clip(samples, 8000), "a.wav")
