"""Curves and sheets of spectrograms, each a PNG that is small enough for a repository."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from soundctm.audio.io import write_atomically
from soundctm.audio.spectrogram import save_sheet

LIMIT = 290_000  # bytes
COLOURS = (128, 64, 40, 24, 16)
NARROWEST, WIDEST = 400, 1500  # pixels

THIN = {"lw": 0.5, "alpha": 0.5}


def shrink(path: Path) -> Path:
    """Rewrite a PNG with a palette, of fewer colours and then of fewer pixels, until it is at most 290 kB."""
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    if whole.width > WIDEST:
        whole = _scaled(whole, WIDEST / whole.width)
    while True:
        for colours in COLOURS:
            data = io.BytesIO()
            whole.quantize(colours, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
            if data.tell() <= LIMIT or (whole.width <= NARROWEST and colours == COLOURS[-1]):
                write_atomically(path, lambda file, data=data: file.write(data.getbuffer()))  # type: ignore[misc]
                return path
        whole = _scaled(whole, 0.85)


def _scaled(picture: Image.Image, by: float) -> Image.Image:
    return picture.resize((round(by * picture.width), round(by * picture.height)), Image.Resampling.LANCZOS)


def _save(figure: Figure, path: Path) -> Path:
    canvas = FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: canvas.print_png(file))
    return shrink(path)


def sheet(
    path: Path, rows: Sequence[Sequence[np.ndarray]], rate: int, row_titles: Sequence[str],
    column_titles: Sequence[str],
) -> Path:  # fmt: skip
    """A grid of spectrograms."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return shrink(save_sheet(rows, rate, path, row_titles, column_titles))


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=8)
    axes.tick_params(labelsize=6)
    axes.grid(alpha=0.3, lw=0.4)


def curves(
    path: Path, times: np.ndarray, targets: Mapping[str, np.ndarray], found: Mapping[str, Mapping[str, np.ndarray]]
) -> Path:
    """``found[method][shape] [takes, frames]`` against ``targets[shape] [frames]``: rows methods, columns shapes."""
    figure = Figure(figsize=(1.6 * len(targets), 1.35 * len(found)), dpi=110, layout="constrained")
    grid = figure.subplots(len(found), len(targets), sharex=True, sharey=True, squeeze=False)
    for i, (method, by_shape) in enumerate(found.items()):
        for j, (shape, target) in enumerate(targets.items()):
            axes = grid[i][j]
            axes.plot(times, by_shape[shape].T, color="#3b6fb6", **THIN)
            axes.plot(times, target, color="#d1495b", lw=1.6)
            _plain(axes, shape if i == 0 else "")
            axes.set_ylim(-82, 0)
            if j == 0:
                axes.set_ylabel(fill(method, 22), fontsize=6)
    return _save(figure, path)


def followers(
    path: Path, times: np.ndarray, wanted: np.ndarray, found: np.ndarray, labels: Sequence[str], free: np.ndarray
) -> Path:
    """Curves ``found [takes, frames]`` that follow one ``wanted [frames]``; stretches that are ``free`` are shaded."""
    figure = Figure(figsize=(7, 3), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.fill_between(times, -82, 0, where=free, color="#dddddd", lw=0)
    for curve, label in zip(found, labels, strict=True):
        axes.plot(times, curve, lw=0.9, label=label)
    axes.plot(times, wanted, color="black", lw=2, label="hum")
    _plain(axes, "")
    axes.set_ylim(-82, 0)
    axes.set_xlabel("seconds", fontsize=7)
    axes.set_ylabel("dB full scale", fontsize=7)
    axes.legend(fontsize=6, ncols=3, loc="lower center")
    return _save(figure, path)


def boxes(path: Path, values: Mapping[str, Sequence[float]], label: str) -> Path:
    """Median, quartiles and range of several sets on a logarithmic axis."""
    figure = Figure(figsize=(7, 0.5 * len(values) + 0.8), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.boxplot(list(values.values()), orientation="horizontal", whis=(0, 100), tick_labels=list(values))
    axes.set_xscale("log")
    _plain(axes, "")
    axes.tick_params(labelsize=7)
    axes.set_xlabel(label, fontsize=7)
    return _save(figure, path)
