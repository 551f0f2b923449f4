"""Recordings on their way into a model."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, UserError
from soundctm.audio.edit import Source
from soundctm.audio.io import STEP_16
from soundctm.audio.resample import resample
from soundctm.checks import check_source
from soundctm.sources import RING, clipped_at, find, waveform
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
    assert str(caught.value).endswith(f"; given: {'1, and none of them is it' if given else 'none'}")


def test_recordings_that_are_none_are_refused() -> None:
    check_source(recording(), "a.wav")
    with pytest.raises(UserError, match=r"a\.wav has no samples"):
        check_source(Clip(np.zeros((1, 0), np.float32), 8000), "a.wav")
    for bad in (np.nan, np.inf, -np.inf):
        samples = recording(channels=2).samples.copy()
        samples[1, 77] = bad
        with pytest.raises(UserError, match=r"a\.wav has samples that are no numbers"):
            check_source(Clip(samples, 8000), "a.wav")


def test_recordings_shorter_than_a_tenth_of_a_second_are_refused() -> None:
    for rate in (8000, 11025, 44100):
        shortest = -(-rate // 10)
        check_source(Clip(np.zeros((1, shortest), np.float32), rate), "a.wav")
        with pytest.raises(UserError, match=r"a\.wav lasts 0\.\d+ s; give a recording of 0\.1 s or more"):
            check_source(Clip(np.zeros((1, shortest - 1), np.float32), rate), "a.wav")


@pytest.mark.parametrize("sign", [1, -1])
def test_recordings_beyond_full_scale_are_refused(sign: int) -> None:
    samples = recording(channels=2).samples.copy()
    samples[1, 77] = sign
    check_source(Clip(samples, 8000), "a.wav")
    samples[1, 77] = sign * 1.001
    with pytest.raises(UserError, match=r"a\.wav goes beyond full scale \(peak 1, 1 is full scale\); turn it down"):
        check_source(Clip(samples, 8000), "a.wav")
    samples[1, 77] = sign * 2.5
    with pytest.raises(UserError, match=r"peak 2\.5"):
        check_source(Clip(samples, 8000), "a.wav")


# ---- where a recording was clipped


def loud(rate: int, channels: int, level: float, bits: int | None) -> tuple[Clip, np.ndarray]:
    """A loud sound cut at a level by a converter of so many bits, and where each channel was cut."""
    t = np.arange(round(0.2 * rate)) / rate
    true = np.stack([np.sin(2 * np.pi * (120 + 70 * c) * t + c) * (0.4 + 5 * t) for c in range(channels)])
    cut = true.clip(-level, level)
    samples = cut if bits is None else np.rint(cut * 2 ** (bits - 1)).clip(max=2 ** (bits - 1) - 1) / 2 ** (bits - 1)
    return Clip(samples.astype(np.float32), rate), np.abs(true) >= level


@pytest.mark.parametrize("level", [0.3, 0.5, 0.77777, 1.0])
@pytest.mark.parametrize("bits", [None, 24, 16])
@pytest.mark.parametrize("channels", [1, 2])
def test_clipped_samples_are_found_in_every_channel_and_on_both_sides(
    level: float, bits: int | None, channels: int
) -> None:
    clip, cut = loud(44100, channels, level, bits)
    assert all((cut & (sign * clip.samples > 0)).any(axis=1).all() for sign in (1, -1))
    found = clipped_at(clip, level, 44100).numpy()
    assert found.dtype == bool and found[cut.any(axis=0)].all()
    near = (np.abs(clip.samples) >= level - 2**-14).any(axis=0)
    assert not found[~near].any() and 0 < found.mean() < 1


@pytest.mark.parametrize("rates", [(44100, 48000), (48000, 44100), (44100, 22050), (16000, 44100), (8000, 44100)])
@pytest.mark.parametrize("channels", [1, 2])
def test_places_of_clipping_move_with_the_rate(rates: tuple[int, int], channels: int) -> None:
    """Every place of a cut top is found at the other rate, and nothing that is farther than the ringing reaches."""
    source, rate = rates
    clip, cut = loud(source, channels, 0.5, 16)
    found = clipped_at(clip, 0.5, rate).numpy()
    assert len(found) == waveform(clip, rate).shape[-1]
    at = np.arange(len(found)) * source / rate  # in samples of the recording
    found, at = found[at <= cut.shape[1] - 1], at[at <= cut.shape[1] - 1]
    tops = cut.any(axis=0)
    inside = tops[np.floor(at).astype(int)] & tops[np.ceil(at).astype(int)]
    assert found[inside].all() and not inside.all()
    nearest = np.abs(at[:, None] - np.flatnonzero((np.abs(clip.samples) >= 0.5 - STEP_16).any(axis=0))).min(axis=1)
    assert not found[nearest > (RING + 2) * max(1.0, source / rate)].any()


@pytest.mark.parametrize("length", [4410, 4411, 4799, 4801, 7777])
def test_a_mask_is_as_long_as_its_waveform(length: int) -> None:
    for source, rate in ((44100, 48000), (48000, 44100), (8000, 44100), (44100, 8000), (6000, 11025)):
        samples = np.zeros((1, length), np.float32)
        samples[0, [0, -1]] = 0.5, -0.5
        clip = Clip(samples, source)
        found = clipped_at(clip, 0.5, rate)
        assert found.shape == waveform(clip, rate).shape[-1:]
        assert found[0] and found[min(round((length - 1) * rate / source), len(found) - 1)]
