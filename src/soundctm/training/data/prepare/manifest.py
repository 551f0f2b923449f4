"""The end of a preparation: what was left out, how much there is, and a picture of it."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from soundctm.audio.io import write_atomically
from soundctm.audio.spectrogram import INK, PAPER
from soundctm.errors import UserError
from soundctm.training.data.prepare.settings import Settings
from soundctm.training.data.prepare.shards import finished_shards, left_out_files, read_left_out, read_records

BARS = 50


def finish(out: Path, settings: Settings, asked: dict[str, Any], latents: dict[str, Any] | None) -> dict[str, Any]:
    """Write ``left_out.csv``, ``histogram.png`` and, last, ``manifest.json``: a folder that has it is complete."""
    left_out = write_left_out(out)
    totals, durations, levels = _totals(out, settings)
    if not totals["clips"]:
        counted = ", ".join(f"{count} {code}" for code, count in left_out.most_common()) or "the source is empty"
        raise UserError(f"no usable sound in this source ({counted}); {out / 'left_out.csv'} says why for each")
    _histogram(out / "histogram.png", durations, levels)
    manifest = {
        **totals,
        "left_out": {"total": left_out.total(), **dict(sorted(left_out.items()))},
        "settings": asked,
        "latents": latents,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    write_atomically(out / "manifest.json", lambda file: file.write(text.encode()))
    return manifest


def write_left_out(out: Path) -> "Counter[str]":
    """``left_out.csv`` from the shards' parts of it; how many there are of each code."""
    counts: Counter[str] = Counter()
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("name", "reason", "explanation"))
    for path in left_out_files(out / "shards"):
        for entry in read_left_out(path):
            counts[entry.code] += 1
            table.writerow((entry.name, entry.code, entry.sentence))
    write_atomically(out / "left_out.csv", lambda file: file.write(text.getvalue().encode()))
    return counts


def _totals(out: Path, settings: Settings) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Counts over all records; durations in seconds and levels in dB of the clips that are no mixtures."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in ("changes", "licences", "groups")}
    mixtures, durations, levels, sounding = 0, [], [], 0.0
    shards = finished_shards(out / "shards")
    for path in shards:
        for record in read_records(path):
            counters["changes"].update(record.changes)
            counters["licences"][record.licence] += 1
            sounding += min(record.seconds, settings.seconds)
            if record.position is None:
                mixtures += 1
                continue
            counters["groups"][record.group or "(none)"] += 1
            durations.append(record.seconds)
            levels.append(record.level_db)
    totals = {
        "clips": len(durations) + mixtures,
        "mixtures": mixtures,
        "shards": len(shards),
        "shape": [settings.channel_count, settings.length],
        "hours": round(sounding / 3600, 6),
        **{name: dict(sorted(counter.items())) for name, counter in counters.items()},
    }
    return totals, np.asarray(durations), np.asarray(levels)


def _histogram(path: Path, durations: np.ndarray, levels: np.ndarray) -> None:
    """Durations before cutting, on a logarithmic axis, and levels of what is kept."""
    figure = Figure(figsize=(8, 3.2), dpi=110, layout="constrained", facecolor=PAPER)
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    edges = np.geomspace(max(durations.min() * 0.9, 1e-4), durations.max() * 1.1, BARS + 1)
    left.hist(durations, bins=edges, color="#f0a860")
    left.set_xscale("log")
    for ticks in (left.xaxis.set_major_formatter, left.xaxis.set_minor_formatter):
        ticks(lambda value, _: f"{value:g}")
    left.xaxis.set_major_formatter("{x:g}")
    left.xaxis.set_minor_formatter(LogFormatter())
    left.set_xlabel("seconds before cutting")
    right.hist(levels, bins=BARS, color="#f0a860")
    right.set_xlabel("level of the clip, dBFS (RMS)")
    for axis in (left, right):
        axis.set_ylabel("clips")
        axis.set_facecolor(PAPER)
        axis.tick_params(colors=INK, which="both")
        axis.xaxis.label.set_color(INK)
        axis.yaxis.label.set_color(INK)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", facecolor=PAPER)
    write_atomically(path, lambda file: file.write(picture.getbuffer()))
