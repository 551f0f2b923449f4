"""Verdicts on files: untouched ones, converted ones, edited ones, and those with nothing to compare with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from soundctm import Clip, SoundCTM
from soundctm.audio.resample import resample
from soundctm.delivery import Delivery, deliver
from soundctm.delivery.formats import SUFFIXES, write
from soundctm.delivery.likeness import compare
from soundctm.delivery.provenance import Origin
from soundctm.delivery.tags import Tags
from soundctm.delivery.verify import judge, verify
from soundctm.edits import fill
from tests.oracles.recordings import recording

RATE = 44100
Converter = Callable[..., tuple[np.ndarray, int]]


# ---- with a model


def delivered(take: Clip, folder: Path, **asked: Any) -> Path:
    done = deliver(take, Delivery.of(asked))
    origin = None if take.recipe is None else Origin(take.recipe)
    return write(done, Tags(title="x", origin=origin), folder / f"x{SUFFIXES[done.delivery.format]}")


@pytest.mark.parametrize("form", ["wav16", "wav24", "wav32f", "flac"])
def test_an_untouched_file_is_equal(form: str, model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    found = verify(delivered(take, tmp_path, format=form), model)
    assert found.verdict == "equal" and found.figures is None


def test_what_was_saved_and_loaded_is_equal_however_often_it_was_delivered(
    model: SoundCTM, take: Clip, tmp_path: Path
) -> None:
    assert verify(take, model).verdict == "equal"
    saved = take.save(tmp_path / "a.wav")
    assert verify(saved, model).verdict == "equal" and verify(Clip.load(saved), model).verdict == "equal"
    for form in ("flac", "wav16", "wav32f"):
        assert verify(delivered(Clip.load(saved), tmp_path, format=form), model).verdict == "equal"


def test_one_step_of_one_sample_is_not_equal(model: SoundCTM, take: Clip) -> None:
    samples = take.samples.copy()
    samples[0, 4000] += 2.0**-22
    found = verify(Clip(samples, take.sample_rate, take.recipe), model)
    assert found.verdict == "close" and found.figures is not None and found.figures.correlation > 0.9999


def test_a_take_that_was_cut_is_edited(model: SoundCTM, take: Clip) -> None:
    cut = Clip(take.samples[:, 400:], take.sample_rate, take.recipe)
    assert verify(cut, model).verdict == "edited"


def test_a_recording_that_went_in_is_needed_and_enough(model: SoundCTM) -> None:
    source = recording()
    (filled,) = model.edit(fill(source, 0.3, 0.6, "sea.wav"), "rain", seed=1, steps=1)
    found = verify(filled, model)
    assert found.verdict == "unknown" and "sea.wav" in found.reasons[0]
    assert verify(filled, model, {source.digest: source}).verdict == "equal"


def test_nothing_to_compare_with_is_unknown(model: SoundCTM, take: Clip) -> None:
    assert take.recipe is not None
    foreign = take.recipe.model_copy(update={"model_hash": "f" * 16})
    for recipe, said in ((None, "no recipe"), (foreign, "load that one")):
        found = verify(Clip(take.samples, take.sample_rate, recipe), model)
        assert found.verdict == "unknown" and said in found.reasons[0]
    odd = take.recipe.model_copy(update={"steps": 0})
    assert "steps is 0" in verify(Clip(take.samples, take.sample_rate, odd), model).reasons[0]


def test_a_recipe_that_was_lost_can_be_given(model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    path = tmp_path / "bare.flac"
    soundfile.write(path, take.samples.T, take.sample_rate, subtype="PCM_24")
    assert verify(path, model).verdict == "unknown"
    assert verify(path, model, recipe=take.recipe).verdict == "equal"
    other = take.recipe.model_copy(update={"seed": 5}) if take.recipe else None
    assert verify(path, model, recipe=other).verdict == "edited"


# ---- conversions and edits of sounds that are like those people make


def _sounds() -> dict[str, np.ndarray]:
    """A second each, float32 ``[1, 44100]``: noise, notes that die away, clicks."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE) / RATE
    rain = np.convolve(rng.standard_normal(len(t)), np.exp(-np.arange(40) / 8), "same") * (1 + 0.5 * np.sin(3 * t))
    notes = sum(
        np.where(t >= at, np.exp(-12 * (t - at)), 0) * np.sin(2 * np.pi * hertz * t)
        for at, hertz in ((0.1, 440), (0.4, 660), (0.7, 330))
    )
    knocks = sum(
        np.where(t >= at, np.exp(-np.minimum(60 * (t - at), 700)), 0) * rng.standard_normal(len(t))
        for at in (0.2, 0.5, 0.8)
    )
    made = {"rain": rain, "notes": notes + 0.001 * rng.standard_normal(len(t)), "knocks": knocks}
    return {name: (0.7 * x / np.abs(x).max())[None].astype(np.float32) for name, x in made.items()}


SOUNDS = _sounds()


def verdict(samples: np.ndarray, rate: int, wanted: np.ndarray) -> str:
    clip = Clip(np.ascontiguousarray(samples, dtype=np.float32), rate)
    return judge(clip, Clip(wanted, RATE), "VORBIS").verdict


def loudest(x: np.ndarray) -> int:
    return int(np.argmax(np.convolve(np.square(x[0]), np.ones(2000), "same")))


def inserted(x: np.ndarray, seconds: float) -> np.ndarray:
    at = loudest(x)
    return np.concatenate([x[:, :at], np.zeros((1, round(seconds * RATE))), x[:, at:]], axis=1)


def muted(x: np.ndarray, seconds: float) -> np.ndarray:
    out, at = x.copy(), loudest(x)
    out[:, max(0, at - 500) : at + round(seconds * RATE)] = 0
    return out


def mixed(x: np.ndarray, decibels: float) -> np.ndarray:
    """With another of the sounds, so many dB against its power."""
    other = next(y for y in SOUNDS.values() if not np.array_equal(x, y))
    return x + other * np.sqrt(np.square(x).mean() / np.square(other).mean()) * 10 ** (decibels / 20)


CLOSE: dict[str, Callable[[np.ndarray], tuple[np.ndarray, int]]] = {
    "gain": lambda x: (x * 0.1, RATE),
    "other sign": lambda x: (-x, RATE),
    "16 bits": lambda x: (np.rint(x * 2**15) / 2**15, RATE),
    "48 kHz": lambda x: (resample(x, RATE, 48000), 48000),
    "22 kHz": lambda x: (resample(x, RATE, 22050), 22050),
    "there and back": lambda x: (resample(resample(x, RATE, 32000), 32000, RATE), RATE),
    "two channels": lambda x: (np.repeat(x, 2, axis=0), RATE),
    "padded as by a codec": lambda x: (np.pad(x, ((0, 0), (1105, 1000))), RATE),
    "half a sample later": lambda x: (
        resample(np.pad(resample(x, RATE, 2 * RATE), ((0, 0), (1, 0))), 2 * RATE, RATE),
        RATE,
    ),
}
EDITED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "trimmed in front": lambda x: x[:, 2000:],
    "trimmed by 10 ms": lambda x: x[:, 441:],
    "trimmed behind": lambda x: x[:, :-2000],
    "half": lambda x: x[:, : RATE // 2],
    "silence of 50 ms inside": lambda x: inserted(x, 0.05),
    "silence of 20 ms inside": lambda x: inserted(x, 0.02),
    "silence of 0.2 s in front": lambda x: np.pad(x, ((0, 0), (8820, 0))),
    "a hole of 50 ms": lambda x: muted(x, 0.05),
    "as loud a sound mixed in": lambda x: mixed(x, 0),
    "a sound of -6 dB mixed in": lambda x: mixed(x, -6),
    "a fade over all": lambda x: x * np.linspace(0, 1, x.shape[1]),
    "backwards": lambda x: x[:, ::-1],
    "halves swapped": lambda x: np.roll(x, RATE // 2, axis=1),
    "faster by 1 percent": lambda x: resample(x, 44541, RATE),
    "another sound": lambda x: next(y for y in SOUNDS.values() if not np.array_equal(x, y)),
    "silence": lambda x: 0 * x,
    "no numbers": lambda x: x * np.nan,
}


@pytest.mark.parametrize("sound", list(SOUNDS))
@pytest.mark.parametrize("kind", list(CLOSE))
def test_conversions_are_close(kind: str, sound: str) -> None:
    samples, rate = CLOSE[kind](SOUNDS[sound])
    assert verdict(samples, rate, SOUNDS[sound]) == "close"


@pytest.mark.parametrize("sound", list(SOUNDS))
@pytest.mark.parametrize("kind", list(EDITED))
def test_edits_are_edited(kind: str, sound: str) -> None:
    assert verdict(EDITED[kind](SOUNDS[sound]), RATE, SOUNDS[sound]) == "edited"


@pytest.mark.parametrize("sound", list(SOUNDS))
@pytest.mark.parametrize(
    "codec",
    [
        ("mp3", "-b:a", "128k"),
        ("mp3", "-b:a", "192k"),
        ("mp3", "-b:a", "128k", "-ar", "48000"),
        ("ogg", "-c:a", "libvorbis", "-q:a", "6"),
        ("ogg", "-c:a", "libvorbis", "-q:a", "3"),
        ("opus", "-c:a", "libopus", "-b:a", "96k"),
        ("m4a", "-c:a", "aac", "-b:a", "128k"),
        ("flac", "-af", "volume=-9dB", "-ar", "48000"),
    ],
    ids=" ".join,
)
def test_real_codecs_are_close(codec: tuple[str, ...], sound: str, through: Converter) -> None:
    samples, rate = through(SOUNDS[sound], RATE, *codec)
    assert verdict(samples, rate, SOUNDS[sound]) == "close"


@pytest.mark.parametrize("sound", ["notes", "knocks"])
def test_a_quieter_sound_is_seen_where_nothing_hides_it(sound: str) -> None:
    assert verdict(mixed(SOUNDS[sound], -12), RATE, SOUNDS[sound]) == "edited"


def test_an_edit_is_seen_behind_a_codec(through: Converter) -> None:
    for sound in SOUNDS.values():
        samples, rate = through(mixed(sound, -6).astype(np.float32), RATE, "mp3", "-b:a", "128k")
        assert verdict(samples, rate, sound) == "edited"


def test_figures_say_what_was_done() -> None:
    x = SOUNDS["notes"]
    found = compare(Clip(np.pad(-0.5 * x, ((0, 0), (882, 0))), RATE), Clip(x, RATE))
    assert found.gain == pytest.approx(20 * np.log10(0.5), abs=0.01) and found.inverted
    assert found.later == pytest.approx(0.02, abs=1e-4) and found.longer == pytest.approx(0.02)
    same = compare(Clip(x, RATE), Clip(x, RATE))
    assert same.correlation == pytest.approx(1) and same.residual < 1e-12 and same.drift < 1e-6 and same.excess < 1e-6


def test_an_edit_of_one_channel_is_seen_beside_a_worse_one() -> None:
    x = np.repeat(SOUNDS["rain"], 2, axis=0)
    x[0] += 0.3 * np.std(x[0]) * np.random.default_rng(1).standard_normal(x.shape[1])  # noisy, but nowhere edited
    assert verdict(x, RATE, SOUNDS["rain"]) == "close"
    x[1, 20000:24000] *= 0.4
    assert verdict(x, RATE, SOUNDS["rain"]) == "edited"


def test_short_and_silent_sounds_have_a_verdict() -> None:
    tick = SOUNDS["knocks"][:, 8800:9300]
    assert verdict(tick * 0.5, RATE, tick) == "close"
    assert verdict(tick[:, ::-1], RATE, tick) == "edited"
    nothing = np.zeros((1, 4410), dtype=np.float32)
    assert verdict(nothing, RATE, nothing) == "equal" and verdict(nothing[:, :0], RATE, nothing) == "edited"
