"""All figures, from what the pieces left on disk."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reproduction.files import read_arrays, read_json, write_json
from reproduction.pieces import ITS_TEACHER, Place, read_note
from reproduction.sets import Reference
from reproduction.takes import read_takes
from reproduction.variants import (
    GAMMAS,
    GRID_STEPS,
    NUS,
    OMEGAS,
    SEEDS,
    SHIPPED_SETTINGS,
    VARIANT_SETTINGS,
    VARIANTS,
    Setting,
)
from soundctm.metrics.frechet import frechet_distance

Figures = dict[str, Any]
ONE = Setting(1)


def measured(place: Place, who: str, seed: int, setting: Setting) -> dict[str, float]:
    """Frechet distance to the reference, share of takes of the prompt's class."""
    takes = read_takes(place.takes(who, seed), setting)
    names = place.listener.classes
    heard = [names[i] for i in takes["p"].argmax(1)]
    wanted = place.reference.classes[: len(heard)]
    return {
        "fd": round(frechet_distance(takes["embeddings"], place.reference.embeddings), 3),
        "agreement": round(float(np.mean([a == b for a, b in zip(heard, wanted, strict=True)])), 4),
    }


def over_seeds(place: Place, who: str, setting: Setting) -> dict[str, list[float]]:
    """Each measure as a list, one number a seed."""
    each = [measured(place, who, seed, setting) for seed in SEEDS]
    return {name: [one[name] for one in each] for name in each[0]}


def by_setting(place: Place, who: str, settings: Sequence[Setting]) -> dict[str, dict[str, list[float]]]:
    """Measures by the settings' labels."""
    return {setting.label: over_seeds(place, who, setting) for setting in settings}


def grid(place: Place) -> Figures:
    """``{steps: {measure: [nu][omega][seed]}}``."""
    found: Figures = {"nu": list(NUS), "omega": list(OMEGAS), "steps": {}}
    for steps in GRID_STEPS:
        cells = [[over_seeds(place, "grid", Setting(steps, omega, nu)) for omega in OMEGAS] for nu in NUS]
        found["steps"][str(steps)] = {
            name: [[cell[name] for cell in row] for row in cells] for name in ("fd", "agreement")
        }
    return found


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Euclidean distance between rows."""
    return np.asarray(np.linalg.norm(a - b, axis=1))


def closeness(place: Place) -> Figures:
    """Embedding distances of Table 7, each with its mean for every seed and the deviation over all takes."""
    reference: Reference = place.reference
    pairs: dict[str, list[np.ndarray]] = {}
    ones = [read_takes(place.takes("shipped", seed), ONE)["embeddings"] for seed in SEEDS]
    count = len(ones[0])
    rows = reference.embeddings[:count]
    pairs["reconstruction"] = [distances(rows, reference.reconstructed)]
    for gamma in (0.0, *GAMMAS):
        many = [read_takes(place.takes("shipped", s), Setting(16, gamma=gamma))["embeddings"] for s in SEEDS]
        pairs[f"gamma {gamma:g}"] = [distances(a, b) for a, b in zip(ones, many, strict=True)]
        if gamma == 0.0:
            pairs["other noise"] = [distances(a, b) for a, b in zip(ones, many[1:] + many[:1], strict=True)]
    pairs["different seeds"] = [distances(a, b) for a, b in zip(ones, ones[1:] + ones[:1], strict=True)]
    pairs["reference"] = [distances(rows, a) for a in ones]
    return {
        name: {"means": [round(float(x.mean()), 3) for x in each], "deviation": round(float(np.std(each)), 3)}
        for name, each in pairs.items()
    }


def trained_for(folder: Path) -> float:
    """Seconds of training, over all runs of it, from the last line of its log."""
    seconds: float = json.loads((folder / "log.jsonl").read_text().splitlines()[-1])["elapsed"]
    return seconds


def training(place: Place) -> dict[str, dict[str, list[float]]]:
    """Peak memory and duration of every training."""
    found = {}
    for variant in VARIANTS:
        folders = [place.student(variant, seed) for seed in SEEDS]
        found[variant] = {
            "peak_mib": [round(read_json(folder / "memory.json")["peak_mib"]) for folder in folders],
            "seconds": [trained_for(folder) for folder in folders],
        }
    return found


def model_facts(place: Place) -> dict[str, float]:
    """Sizes in millions of parameters, the sample rate and the length of a take."""
    model = place.model
    sizes = {}
    for name in ("student", "teacher", "autoencoder"):
        part = getattr(model, name)
        sizes[name] = round(sum(p.numel() for p in part.parameters()) / 1e6, 3)
    return {**sizes, "sample_rate": model.sample_rate, "seconds": model.config.seconds}


def minutes(place: Place) -> dict[str, float]:
    """Minutes of one core that each kind of piece took."""
    found: dict[str, float] = {}
    for note in sorted((place.out / "done").iterdir()):
        kind = note.stem.partition("-")[0]
        found[kind] = found.get(kind, 0.0) + read_note(note)["core_seconds"] / 60
    return {kind: round(value, 2) for kind, value in found.items()}


def collect(place: Place) -> Figures:
    """Everything that the page says."""
    reference = place.reference
    words = read_json(place.reference_path.with_suffix(".words.json"))
    arrays: Mapping[str, np.ndarray] = read_arrays(place.reference_path)
    return {
        "settings": place.settings.model_dump(mode="json"),
        "seeds": list(SEEDS),
        "omega": place.model.config.omega,
        "model": model_facts(place),
        "minutes": minutes(place),
        "recognised": words["recognised"],
        "floor": round(frechet_distance(arrays["floor"], reference.embeddings), 3),
        "reconstructed": round(frechet_distance(arrays["reconstructed"], reference.embeddings), 3),
        "teacher": over_seeds(place, "teacher", ITS_TEACHER),
        "shipped": by_setting(place, "shipped", SHIPPED_SETTINGS),
        "variants": {name: by_setting(place, name, VARIANT_SETTINGS[name]) for name in VARIANTS},
        "training": training(place),
        "grid": grid(place),
        "closeness": closeness(place),
    }


def save(figures: Figures, out: Path, docs: Path) -> list[Path]:
    """Write the figures into both folders."""
    paths = [out / "results.json", docs / "figures" / "reproduction.json"]
    for path in paths:
        write_json(path, figures)
    return paths
