"""A gap of a second in held-out recordings: what is kept, and whether the borders can be found."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from control_figures import borders, pictures
from control_figures.measure import difference_db, largest, median
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import Held, held_out
from control_figures.section import Claim, Section, Table, decibels, number
from soundctm import edits
from soundctm.audio import Clip
from soundctm.control.observation import Observation
from soundctm.control.seams import seam_score
from soundctm.performance import Performance

NAME, GAP, STEPS, SEED = "fill", 1.0, 16, 900
SHOWN = 4
NEEDED_DB = -60.0
KINDS = ("the recording itself", "filled", "filled without `finish`")


class Noted:
    """An observation that remembers the generated sound that it was asked to finish."""

    def __init__(self, inner: Observation) -> None:
        self.inner = inner
        self.generated = torch.empty(0)

    def __call__(self, x: Tensor) -> Tensor:
        return self.inner(x)

    def finish(self, x: Tensor) -> Tensor:
        self.generated = x
        return self.inner.finish(x)


def pieces(sizes: Sizes) -> list[Piece]:
    """One."""
    return [piece(NAME, 2.0 * sizes.edited, run, count=sizes.edited, gap=GAP, steps=STEPS, seed=SEED)]


def filled(place: Place, one: Held, gap: tuple[float, float], steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A recording ``[length]`` with its gap filled, and the same with the known samples put in and nothing more."""
    model = place.model
    plan = edits.fill(one.clip, *gap, name=one.name)
    recipe = model.recipes(one.caption, steps=steps, seed=seed, plan=plan)[0]
    performance = Performance(model.engine, recipe, plan.sources, lambda: None)
    if performance.observation is None:
        raise ValueError("a fill has an observation")
    noted = Noted(performance.observation)
    performance.observation = noted
    samples = performance.clip().samples[0]
    return samples, noted.inner(noted.generated)[0, 0].clamp(-1, 1).numpy()


def run(place: Place, count: int, gap: float, steps: int, seed: int) -> Figures:
    """Differences outside the gap, and borders, with `finish` and without."""
    rate = place.model.sample_rate
    outside: list[float | None] = []
    exact: list[bool] = []
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for i, one in enumerate(held_out(place, count)):
        where = borders.loud_gap(one.samples, rate, gap)
        start, stop = (round(at * rate) for at in where)
        finished, hard = filled(place, one, where, steps, seed + i)
        kept = np.r_[0:start, stop : len(finished)]
        outside.append(difference_db(finished[kept], one.samples[kept]))
        exact.append(bool(np.array_equal(finished[kept], one.samples[kept])))
        for kind, sound in zip(KINDS, (one.samples, finished, hard), strict=True):
            each = borders.compare(sound, one.samples, (start, stop), rate)
            for at, border in zip((start, stop), each, strict=True):
                border["seam"] = seam_score(sound[None], rate, at).total
            found[kind] += each
        if i < SHOWN:
            without = one.samples.copy()
            without[start:stop] = 0
            for name, sound in (("recording", one.samples), ("gap", without), ("filled", finished)):
                place.keep(NAME, f"{i}-{name}", Clip(sound[None], rate))
    return {"outside": outside, "exact": exact, "borders": found}


def summary(place: Place) -> Figures | None:
    """Counts and medians over all borders."""
    figures = figures_of(place, pieces(place.sizes)[0])
    if figures is None:
        return None
    rows = {}
    for kind, each in figures["borders"].items():
        rows[kind] = {name: round(float(np.mean([one[name] for one in each])), 4) for name in each[0]}
        rows[kind]["seam"] = median([one["seam"] for one in each])
    return {"rows": rows, "count": len(figures["outside"]), "exact": sum(figures["exact"]),
            "outside": largest(figures["outside"])}  # fmt: skip


def section(figures: Figures) -> Section:
    """Borders of the filled against those of the recording."""
    rows, count = figures["rows"], figures["count"]
    names = [f"{which}, {order}" for which in ("beyond all", "beyond the near", "rank") for order in borders.ORDERS]
    lines = [
        [kind, *(f"{100 * one[name]:.0f} %" if "beyond" in name else number(one[name], 2) for name in names),
         number(one["seam"], 2)]
        for kind, one in rows.items()
    ]  # fmt: skip
    header = ("sound", "step beyond the recording's largest", "bend", "step beyond all within 50 ms", "bend",
              "mean rank of the step", "of the bend", "seam score, median")  # fmt: skip
    how = (
        f"A gap of {GAP:g} s in {count} held-out recordings, where its borders are loudest, filled in {STEPS} steps "
        f"with the class's caption; {2 * count} borders. A step is the largest difference of neighbouring samples "
        f"within {borders.REACH} samples of the border, a bend that of neighbouring differences; they are held "
        "against the same measure at every other place of the recording, and of its 50 ms beside the border (rank: "
        "the share of those that are smaller; by chance 0.5). The seam score is 1 at an ordinary point of the sound."
    )
    beyond = max(rows["filled"][f"beyond all, {order}"] for order in borders.ORDERS)
    near = [rows[kind]["beyond the near, 2"] for kind in KINDS]
    checked = [
        Claim("difference outside the gap", f"less than {NEEDED_DB:.0f} dB",
              f"{decibels(figures['outside'])}; {figures['exact']} of {count} are equal sample by sample",
              figures["outside"] is None or figures["outside"] < NEEDED_DB),
        Claim("borders whose derivatives exceed the recording's largest", "none", f"{100 * beyond:.0f} %",
              beyond == 0),
        Claim("borders that bend more than all within 50 ms", "no more often than with known samples put in alone",
              f"{100 * near[1]:.0f} % ({100 * near[2]:.0f} % without, {100 * near[0]:.0f} % in the recordings)",
              near[1] <= near[2]),
    ]  # fmt: skip
    pictured = [("control_fill.png", "Recording, its gap, filled")]
    return Section("Fill", how, [Table(header, lines)], checked, pictured)


def draw(place: Place, images: Path) -> None:
    """Recording, gap and filled side by side."""
    shown = held_out(place, min(SHOWN, place.sizes.edited))
    columns = ("recording", "gap", "filled")
    rows = [[place.sound(NAME, f"{i}-{name}") for name in columns] for i in range(len(shown))]
    pictures.sheet(images / "control_fill.png", rows, place.model.sample_rate, [o.class_name for o in shown], columns)
