"""The nu x omega grid as a picture (Figures 5 and 12)."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from soundctm.audio.io import write_atomically

MEASURES = (("fd", "Frechet distance (lower is better)", "Blues_r", "{:.1f}"),
            ("agreement", "class agreement (higher is better)", "Blues", "{:.2f}"))  # fmt: skip


def heat_map(axes: Axes, cells: np.ndarray, nus: list[float], omegas: list[float], colours: str, form: str) -> None:
    """One grid ``[nu, omega]`` with its numbers; darker is better."""
    axes.imshow(cells, cmap=colours, aspect="auto", origin="lower")
    axes.set_xticks(range(len(omegas)), [f"{omega:g}" for omega in omegas])
    axes.set_yticks(range(len(nus)), [f"{nu:g}" for nu in nus])
    axes.set_xlabel("omega")
    axes.set_ylabel("nu")
    share = (cells - cells.min()) / max(float(np.ptp(cells)), 1e-9)
    dark = share < 0.4 if colours.endswith("_r") else share > 0.6
    for (row, column), value in np.ndenumerate(cells):
        colour = "white" if dark[row, column] else "black"
        axes.text(column, row, form.format(value), ha="center", va="center", color=colour, fontsize=8)


def save_grid(grid: dict[str, Any], path: Path) -> Path:
    """Both measures for every number of steps; cells are means over seeds."""
    counts = list(grid["steps"])
    figure = Figure(figsize=(9, 3.4 * len(counts)), layout="constrained")
    for row, count in enumerate(counts):
        for column, (measure, title, colours, form) in enumerate(MEASURES):
            axes = figure.add_subplot(len(counts), 2, 2 * row + column + 1)
            cells = np.asarray(grid["steps"][count][measure]).mean(2)
            heat_map(axes, cells, grid["nu"], grid["omega"], colours, form)
            axes.set_title(f"{count} step{'s' if int(count) > 1 else ''}: {title}", fontsize=9)
    canvas = FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: canvas.print_png(file))
    return path
