"""Pictures show the right frequency at the right place, for any title."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundctm.audio import Clip
from soundctm.audio.levels import LOWEST_HZ, ROWS, envelope, log_spectrogram, spectrogram_png
from soundctm.audio.spectrogram import picture, save_sheet

RATE = 44100


def sine(f: float, seconds: float = 1.0, amplitude: float = 1.0, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * f * t)).astype(np.float32)


@pytest.mark.parametrize("f", [200.0, 1000.0, 7000.0, 15000.0])
def test_a_sine_lights_its_own_row(f: float) -> None:
    level = log_spectrogram(sine(f), RATE)
    middle = level[:, level.shape[1] // 2]
    row = ROWS * np.log(f / LOWEST_HZ) / np.log(RATE / 2 / LOWEST_HZ)
    lit = np.flatnonzero(middle > middle.max() - 1.0)
    assert lit.min() - 1 <= row <= lit.max() + 2
    assert middle.max() == pytest.approx(
        20 * np.log10(0.5), abs=1.5
    )  # a full-scale sine has an amplitude of 1/2 per side


def test_ten_times_quieter_is_twenty_decibels_less() -> None:
    loud, quiet = (log_spectrogram(sine(1000.0, amplitude=a), RATE).max() for a in (1.0, 0.1))
    assert loud - quiet == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize("title", ["", "cash: $5 and $_6$", "雷 and 🔥", "a long prompt " * 70])
def test_any_title_is_drawn_without_a_word_on_stderr(title: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = Clip(sine(440.0, 0.2)[None], RATE).plot(tmp_path / "a.png", title)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("length", [1, 100, 44100])
def test_any_length_is_drawn(length: int, tmp_path: Path) -> None:
    assert Clip(np.zeros((2, length), np.float32), RATE).plot(tmp_path / "a.png").exists()


def test_a_sheet_shows_all_its_sounds(tmp_path: Path) -> None:
    rows = [[sine(440.0, 0.2), sine(880.0, 0.2)], [sine(220.0, 0.2), sine(110.0, 0.2)]]
    assert save_sheet(rows, RATE, tmp_path / "sheet.png", ["first", "second"], ["1 step", "16 steps"]).exists()


def test_a_picture_has_high_frequencies_on_top() -> None:
    x = 0.5 * np.sin(2 * np.pi * 10_000 * np.arange(22_050) / 44_100)
    image = picture(x, 44_100)
    brightness = image.astype(float).sum((1, 2))
    assert image.dtype == np.uint8 and image.shape[0] == ROWS and image.shape[2] == 3
    assert int(np.argmax(brightness)) < ROWS / 4


@pytest.mark.parametrize(("seconds", "rate"), [(0.001, 8000), (0.25, 8000), (5, 44100), (70, 8000)])
def test_a_picture_shows_where_the_tone_is(seconds: float, rate: int) -> None:
    samples = sine(440.0, seconds, rate=rate)
    image = Image.open(io.BytesIO(spectrogram_png(samples, rate, 300, 100)))
    assert image.size == (300, 100)
    level = np.asarray(image)  # indices of the palette are levels
    if seconds > 0.1:
        row = 100 * np.log(440 / 40) / np.log(rate / 2 / 40)
        assert abs((99 - np.argmax(level[:, 50:250].mean(1))) - row) < 8
    brightness = np.asarray(image.convert("L")).astype(int)
    assert brightness[level == level.max()].min() > brightness[level == level.min()].max()


def test_a_few_columns_show_the_loudest_of_what_lies_in_them() -> None:
    x = 0.001 * sine(1000.0, 10.0)
    x[123_000:123_400] += sine(3000.0, 1.0)[:400]
    few = log_spectrogram(x, RATE, columns=30)
    assert few.shape == (ROWS, 30)
    assert few.max(0).argmax() == 30 * 123_200 // len(x)
    assert log_spectrogram(x[:1000], RATE, columns=30).shape == (ROWS, 30)


def test_a_long_sound_is_looked_at_piece_by_piece() -> None:
    x = np.random.default_rng(0).standard_normal(700 * 256).astype(np.float32)
    part = slice(520, 600)  # the second block of frames
    y = x.copy()
    y[: 500 * 256] = 0.0
    np.testing.assert_allclose(log_spectrogram(x, RATE)[:, part], log_spectrogram(y, RATE)[:, part], atol=1e-3)


def test_an_envelope_bounds_every_stretch() -> None:
    x = sine(5.0)
    starts, lowest, highest = envelope(x, 100)
    assert len(starts) == 100
    for start, low, high in zip(starts, lowest, highest, strict=True):
        assert (low, high) == (x[start : start + 441].min(), x[start : start + 441].max())
    assert len(envelope(x[:7], 100)[0]) == 7
