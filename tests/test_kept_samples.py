"""What an edit promises to keep is kept, and the rest meets it."""

from pathlib import Path

import numpy as np
import pytest

from soundctm import Clip, SoundCTM, edits
from soundctm.sources import clipped_at, waveform
from tests.oracles.edits import PLANS, STEREO, A, B
from tests.oracles.recordings import recording

KEPT = ["fill", "extend", "join", "join with itself", "loop", "fill of stereo at another rate"]  # to the last bit


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def results(model: SoundCTM) -> dict[str, Clip]:
    """Every plan that keeps samples, or a band of them, carried out once in two steps."""
    return {kind: model.edit(PLANS[kind](), "a bell", steps=2, seed=5)[0] for kind in (*KEPT, "extend-bandwidth")}


def kept(kind: str) -> list[tuple[slice, np.ndarray]]:
    """Where a result must hold which samples."""
    a, b, stereo = A.samples[0], B.samples[0], waveform(STEREO, 8000)[0, 0].numpy()
    return {
        "fill": [(slice(0, 2400), a[:2400]), (slice(4800, None), a[4800:])],
        "extend": [(slice(1600, 9600), a)],
        "join": [(slice(0, 8000), a), (slice(10000, None), b)],
        "join with itself": [(slice(0, 8000), a), (slice(10000, None), a)],
        "loop": [(slice(800, 7200), a[800:7200])],
        "fill of stereo at another rate": [(slice(0, 2400), stereo[:2400]), (slice(4800, None), stereo[4800:])],
    }[kind]


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("steps", [1, 2])
def test_known_samples_are_kept_to_the_last_bit(
    model: SoundCTM, results: dict[str, Clip], kind: str, steps: int
) -> None:
    clip = results[kind] if steps == 2 else model.edit(PLANS[kind](), steps=1, seed=1)[0]
    invented = np.ones(clip.samples.shape[1], dtype=bool)
    for where, samples in kept(kind):
        assert np.array_equal(clip.samples[0, where], samples)
        invented[where] = False
    assert np.abs(clip.samples[0, invented]).max() > 0.01  # and the rest is not silence


@pytest.mark.parametrize("kind", ["fill", "loop"])
def test_what_lay_in_the_gap_is_not_heard(model: SoundCTM, results: dict[str, Clip], kind: str) -> None:
    samples = recording(9).samples.copy()
    for where, same in kept(kind):
        samples[0, where] = same
    other = Clip(samples, 8000)
    plan = edits.fill(other, 0.3, 0.6) if kind == "fill" else edits.loop(other, 0.2)
    assert other.digest != A.digest
    assert np.array_equal(model.edit(plan, "a bell", steps=2, seed=5)[0].samples, results[kind].samples)


def test_what_is_kept_is_heard_in_the_gap(model: SoundCTM, results: dict[str, Clip]) -> None:
    """Beyond the few milliseconds that the borders are bridged over: the trajectory itself takes part."""
    other = Clip((A.samples * np.linspace(1, 0.2, 8000, dtype=np.float32)).astype(np.float32), 8000)
    made = model.edit(edits.fill(other, 0.3, 0.6), "a bell", steps=2, seed=5)[0]
    difference = (made.samples - results["fill"].samples)[0, 2600:4600]
    assert np.abs(difference).max() > 1e-3


def test_gaps_are_met_without_a_click(model: SoundCTM) -> None:
    """At the borders the sound moves no faster than the recording does."""
    tone = Clip((0.4 * np.sin(np.arange(8000) * 0.2)).astype(np.float32)[None], 8000)
    fastest = np.abs(np.diff(tone.samples[0])).max()
    for clip in model.edit(edits.fill(tone, 0.3, 0.6), takes=4, steps=1, seed=5):
        moves = np.abs(np.diff(clip.samples[0]))
        assert max(moves[2399], moves[4799]) < 1.5 * fastest


def test_kept_samples_survive_the_file(results: dict[str, Clip], tmp_path: Path) -> None:
    again = Clip.load(results["fill"].save(tmp_path / "a.wav"))
    assert np.array_equal(again.samples[0, :2400], A.samples[0, :2400])


def test_the_band_below_the_cutoff_is_kept(results: dict[str, Clip]) -> None:
    f = np.fft.rfftfreq(8000, 1 / 8000)
    X, Y = (np.fft.rfft(clip.samples[0].astype(np.float64)) for clip in (results["extend-bandwidth"], A))
    low = f <= 1000
    assert np.linalg.norm((X - Y)[low]) < 1e-3 * np.linalg.norm(Y[low])
    assert np.linalg.norm((X - Y)[f > 1100]) > 1e-2 * np.linalg.norm(Y[f > 1100])


def test_what_was_not_clipped_is_kept_and_the_rest_goes_beyond(model: SoundCTM) -> None:
    clipped = Clip(A.samples.clip(-0.3, 0.3), 8000)
    result = model.edit(edits.declip(clipped, 0.299), steps=2, seed=5)[0].samples
    below = np.abs(clipped.samples) < 0.299
    assert 0 < below.sum() < below.size
    assert np.array_equal(result[below], clipped.samples[below])
    assert (np.abs(result[~below]) >= 0.299 - 1e-6).all()
    assert (np.sign(result[~below]) == np.sign(clipped.samples[~below])).all()


@pytest.mark.parametrize("bits", [None, 16])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("level", [0.5, 1.0])
def test_tops_of_any_recording_are_restored(
    model: SoundCTM, rate: int, channels: int, bits: int | None, level: float
) -> None:
    """Cut on both sides in both channels: what was cut comes out at or beyond what the file held, and other than it,
    all else as it was up to one gain for all."""
    t = np.arange(round(0.4 * rate)) / rate
    true = np.stack([(0.4 + 2 * t) * np.sin(2 * np.pi * (90 + 40 * c) * t) for c in range(channels)])
    cut = true.clip(-level, level)
    cut = cut if bits is None else np.rint(cut * 2 ** (bits - 1)).clip(max=2 ** (bits - 1) - 1) / 2 ** (bits - 1)
    clip = Clip(cut.astype(np.float32), rate)
    made = model.edit(edits.declip(clip, level), steps=1, seed=5)[0].samples[0]
    y, found = waveform(clip, 8000)[0, 0].numpy(), clipped_at(clip, level, 8000).numpy()
    gain = float(made[~found] @ y[~found] / (y[~found] @ y[~found]))
    assert 0.1 < gain <= 1 + 1e-6 and np.abs(made).max() <= 1
    assert np.allclose(made[~found], gain * y[~found], atol=2e-6)
    where = (np.abs(true) > level).any(axis=0)[np.round(np.arange(len(y)) * rate / 8000).astype(int)]
    assert found[where].all() and where.any()
    assert (made * np.sign(y) >= gain * np.abs(y) - 2e-6)[found].all()
    for side in (1, -1):
        tops = where & (side * y > 0.3)
        assert tops.any() and (np.abs(made - gain * y)[tops] > 1e-2).any()  # a random student reaches some of them


def test_a_kept_band_beyond_full_scale_is_turned_down_with_all_the_rest(model: SoundCTM) -> None:
    """The lower harmonics of a square wave reach higher than the wave: they are kept up to a gain, not clipped."""
    wave = Clip(np.sign(np.sin(2 * np.pi * 100 * (np.arange(8000) + 0.5) / 8000)).astype(np.float32)[None], 8000)
    f = np.fft.rfftfreq(8000, 1 / 8000)
    Y = np.fft.rfft(wave.samples[0].astype(np.float64))
    alone = float(np.abs(np.fft.irfft(np.where(f <= 1000, Y, 0))).max())
    made = model.edit(edits.extend_bandwidth(wave, 1000.0), steps=2, seed=5)[0].samples[0]
    X, low = np.fft.rfft(made.astype(np.float64)), f <= 1000
    gain = float((X[low] @ Y[low].conj()).real / np.linalg.norm(Y[low]) ** 2)
    assert alone > 1.1 and gain <= 1 / alone + 0.2 and gain < 0.95
    assert np.abs(made).max() == pytest.approx(1.0, abs=1e-6)
    assert np.linalg.norm((X - gain * Y)[low]) < 1e-5 * np.linalg.norm(Y[low])
