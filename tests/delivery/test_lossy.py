"""What is said of an Ogg Vorbis file is true of what it decodes to, and the ceiling holds for that."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundctm import Clip, SoundCTM
from soundctm.audio.comments import read_comments
from soundctm.delivery import Delivery, deliver
from soundctm.delivery.formats import SUFFIXES, as_read, encode, write
from soundctm.delivery.lossy import coded
from soundctm.delivery.loudness import amplified, measure
from soundctm.delivery.process import FORMATS
from soundctm.delivery.tags import Tags

RATE = 44100


def knocks(seed: int, channels: int = 1) -> Clip:
    """A second and a half of short noises on quiet noise: hard for a codec."""
    rng = np.random.default_rng(seed)
    t = np.arange(3 * RATE // 2) / RATE
    sound = 0.01 * rng.standard_normal((channels, len(t)))
    for at in rng.uniform(0.05, 1.3, 6):
        sound += np.where(t >= at, np.exp(-np.minimum(80 * (t - at), 700)), 0) * rng.standard_normal(sound.shape)
    return Clip((sound * 0.2).astype(np.float32), RATE)


SOUNDS = [knocks(seed, channels) for seed in range(3) for channels in (1, 2)]


def test_the_codec_would_go_over_the_ceiling_with_these_sounds() -> None:
    over = 0
    for clip in SOUNDS:
        gain = -1.0 - measure(clip.samples, RATE).true_peak
        over += coded(clip.samples, RATE, gain).loudness.true_peak > -1.0
    assert over >= len(SOUNDS) // 2


@pytest.mark.parametrize(
    "asked", [{"level": "peak"}, {"level": "loudness", "loudness": -5.0}, {"ceiling": -9.0}], ids=str
)
def test_the_ceiling_holds_for_what_the_file_decodes_to(asked: dict[str, Any]) -> None:
    lowered = 0
    for clip in SOUNDS:
        done = deliver(clip, Delivery.of({"format": "ogg", **asked}))
        heard, limit = as_read(done), done.delivery.limit
        assert limit is not None and measure(heard.samples, RATE) == done.report.after
        assert limit - 1.5 < done.report.after.true_peak <= limit
        assert np.array_equal(done.clip.samples, amplified(clip.samples, done.report.gain)), "a gain, no limiter"
        assert done.report.reached == (done.delivery.level != "loudness")
        lowered += any("Vorbis" in step for step in done.report.steps)
    assert lowered


def test_where_no_ceiling_is_asked_for_the_level_stays() -> None:
    done = deliver(SOUNDS[0], Delivery(format="ogg"))
    assert done.report.gain == 0 and done.report.steps == () and np.array_equal(done.clip.samples, SOUNDS[0].samples)
    assert done.report.before == measure(SOUNDS[0].samples, RATE) != done.report.after


@pytest.mark.parametrize("target", [-40.0, -26.0])
def test_the_loudness_that_was_asked_for_is_that_of_what_is_heard(target: float) -> None:
    missed = []
    for clip in SOUNDS:
        done = deliver(clip, Delivery(format="ogg", level="loudness", loudness=target))
        assert done.report.reached and done.report.after.integrated == pytest.approx(target, abs=0.05)
        plain = coded(clip.samples, RATE, target - measure(clip.samples, RATE).integrated)
        missed.append(abs(plain.loudness.integrated - target))
    assert max(missed) > 0.1, "the codec changes it"


def test_a_ceiling_that_takes_the_loudness_away_is_told() -> None:
    """A loudness that is just within reach before the codec."""
    for clip in SOUNDS:
        before = measure(clip.samples, RATE)
        target = before.integrated - 1.0 - before.true_peak - 0.001
        if coded(clip.samples, RATE, target - before.integrated).loudness.true_peak > -1:
            break
    done = deliver(clip, Delivery(format="ogg", level="loudness", loudness=target))
    assert not done.report.reached and done.report.after.true_peak <= -1
    assert deliver(clip, Delivery(format="wav24", level="loudness", loudness=target)).report.reached


@pytest.mark.parametrize("form", FORMATS)
def test_ffmpeg_measures_what_the_report_says(
    form: str, by_ffmpeg: Callable[[Path], tuple[float, float]], tmp_path: Path
) -> None:
    for clip in SOUNDS:
        done = deliver(clip, Delivery.of({"format": form, "level": "peak"}))
        path = write(done, Tags(title="x"), tmp_path / f"x{SUFFIXES[form]}")
        loudness, peak = by_ffmpeg(path)
        assert done.report.after.integrated == pytest.approx(loudness, abs=0.02)
        assert done.report.after.true_peak == pytest.approx(peak, abs=0.02) and peak <= -1.0 + 0.005
        if form in ("flac", "ogg"):
            told = read_comments(path)
            assert told["LOUDNESS_VALUE"] == f"{done.report.after.integrated:.2f}"
            assert told["MAX_TRUE_PEAK_LEVEL"] == f"{done.report.after.true_peak:.2f}"


def test_what_was_measured_is_what_is_written() -> None:
    done = deliver(SOUNDS[0], Delivery(format="ogg", level="peak"))
    assert encode(done, Tags(title="x")) == encode(deliver(SOUNDS[0], done.delivery), Tags(title="x"))
    assert measure(as_read(done).samples, RATE) == done.report.after


PROMPTS = (
    "heavy rain", "three knocks on a wooden door", "dog barking", "sea waves", "fire crackling", "clock ticking",
    "laser shot", "bell ringing", "rooster", "helicopter", "chainsaw", "sneeze", "baby crying", "wind", "thunder",
    "footsteps", "glass breaking", "ui click", "bird chirping", "engine",
)  # fmt: skip


@pytest.mark.slow
def test_takes_of_the_shipped_model_hold_their_levels(
    by_ffmpeg: Callable[[Path], tuple[float, float]], tmp_path: Path
) -> None:
    """The figures of docs/delivery.md."""
    model, lowered = SoundCTM.from_pretrained("mini"), 0
    for prompt in PROMPTS:
        (take,) = model.generate(prompt, steps=1, seed=7)
        peak = deliver(take, Delivery(format="ogg", level="peak"))
        assert by_ffmpeg(write(peak, Tags(title="x"), tmp_path / "x.ogg"))[1] <= -1.0
        lowered += any("Vorbis" in step for step in peak.report.steps)
        loud = deliver(take, Delivery(format="ogg", level="loudness"))
        missed = abs(by_ffmpeg(write(loud, Tags(title="x"), tmp_path / "x.ogg"))[0] + 23)
        assert missed < 0.08 or not loud.report.reached
        dithered = as_read(deliver(take, Delivery(format="wav16", level="peak")))
        assert measure(dithered.samples, dithered.sample_rate).true_peak <= -1.0 + 0.0005, "one and a half steps"
    assert lowered == 10
