"""Pictures of sounds: log-frequency spectrograms, alone or side by side."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from soundctm.audio.io import write_atomically
from soundctm.audio.levels import HOP, RANGE_DB, ROWS, envelope, log_spectrogram, lowest_hz, shades

TICKS_HZ = (100, 300, 1000, 3000, 10000)
TITLE_LENGTH = 110
COLUMNS = 1200
QUIETEST_REACH = 0.1  # the waveform's scale follows its peak down to here: silence looks silent
INK, PAPER = "#e8e6e3", "#14121a"


def _row_of(f: float, sample_rate: int) -> float:
    lowest = lowest_hz(sample_rate)
    return float(ROWS * np.log(f / lowest) / np.log(sample_rate / 2 / lowest))


def _columns(samples: np.ndarray) -> int:
    """As many as there is something to see in, and no more than a picture shows."""
    return min(COLUMNS, max(1, len(samples) // HOP))


def _shortened(title: str) -> str:
    """A title that fits the picture's width."""
    return title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 30]} … {title[-27:]}"


def _save(figure: Figure, path: Path) -> Path:
    FigureCanvasAgg(figure)
    picture = io.BytesIO()
    with warnings.catch_warnings():  # a script that the font lacks shows as boxes; the sound's recipe holds the prompt
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(picture, format="png", facecolor=PAPER)
    write_atomically(path, lambda file: file.write(picture.getbuffer()))
    return path


def picture(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """The spectrogram of mono samples as an image ``[ROWS, frames, 3]`` uint8, low frequencies at the bottom."""
    level = shades(log_spectrogram(samples, sample_rate))
    colours: np.ndarray = colormaps["magma"](level[::-1], bytes=True)
    return colours[..., :3]


def save_spectrogram(samples: np.ndarray, sample_rate: int, path: Path, title: str) -> Path:
    """One sound: waveform above, spectrogram below."""
    figure = Figure(figsize=(8, 4), dpi=110, layout="constrained", facecolor=PAPER)
    wave, picture = figure.subplots(2, 1, height_ratios=(1, 4), sharex=True)
    seconds = len(samples) / sample_rate
    starts, lowest, highest = envelope(samples, COLUMNS)
    wave.fill_between(starts / sample_rate, lowest, highest, step="mid", linewidth=0.3, color="#f0a860")
    reach = max(QUIETEST_REACH, float(np.abs(samples).max()))
    wave.set_ylim(-reach, reach)
    wave.set_axis_off()
    wave.set_title(_shortened(title), color=INK, fontsize=9, loc="left", parse_math=False)
    low, high = RANGE_DB
    picture.imshow(
        log_spectrogram(samples, sample_rate, columns=_columns(samples)), extent=(0, seconds, 0, ROWS),
        origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high,
    )  # fmt: skip
    ticks = [f for f in TICKS_HZ if f < sample_rate / 2]
    picture.set_yticks(
        [_row_of(f, sample_rate) for f in ticks], [f"{f} Hz" if f < 1000 else f"{f // 1000} kHz" for f in ticks]
    )
    picture.set_xlabel("seconds", color=INK, fontsize=8)
    picture.tick_params(colors=INK, labelsize=8)
    return _save(figure, path)


def save_sheet(
    rows: Sequence[Sequence[np.ndarray]],
    sample_rate: int,
    path: Path,
    row_titles: Sequence[str],
    column_titles: Sequence[str],
) -> Path:
    """A grid of spectrograms of mono sounds, one row per subject."""
    count, across = len(rows), len(rows[0])
    figure = Figure(figsize=(3.0 * across, 1.15 * count + 0.3), dpi=100, layout="constrained", facecolor=PAPER)
    axes = figure.subplots(count, across, squeeze=False)
    for i, row in enumerate(rows):
        for j, samples in enumerate(row):
            ax = axes[i][j]
            picture = log_spectrogram(samples, sample_rate, columns=_columns(samples))
            ax.imshow(picture, origin="lower", aspect="auto", cmap="magma", vmin=RANGE_DB[0], vmax=RANGE_DB[1])
            ax.set_xticks([])
            ax.set_yticks([])
            if i == 0:
                ax.set_title(column_titles[j], color=INK, fontsize=9, parse_math=False)
            if j == 0:
                ax.set_ylabel(row_titles[i], color=INK, fontsize=8, parse_math=False)
    return _save(figure, path)
