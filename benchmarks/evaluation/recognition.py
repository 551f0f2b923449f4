"""Does the evaluator recognise what was asked for?"""

from pathlib import Path

from evaluation.common import Bench, Figures, share
from soundctm.training.data.procedural import REGISTRY
from soundctm.training.data.recordings import ESC10_CLASSES

UNSEEN = Path(__file__).parent.parent / "unseen_prompts.txt"


def esc10(bench: Bench, steps: int) -> Figures:
    """Takes of the ten ESC-10 classes by their first caption; per class and over all."""
    figures: Figures = {}
    hits: list[bool] = []
    for name, captions in ESC10_CLASSES.values():
        heard = bench.listener.names(bench.takes_of(captions[0], steps))
        figures[name] = share([other == name for other in heard])
        hits += [other == name for other in heard]
    return {"all": share(hits), **figures}


def procedural(bench: Bench, steps: int) -> Figures:
    """Takes of every procedural class by its first noun."""
    figures: Figures = {}
    hits: list[bool] = []
    for name, cls in REGISTRY.items():
        heard = bench.listener.names(bench.takes_of(cls.nouns[0], steps))
        figures[name] = share([other == name for other in heard])
        hits += [other == name for other in heard]
    return {"all": share(hits), **figures}


def unseen(bench: Bench, steps: int) -> Figures:
    """Prompts whose key words no training caption holds."""
    figures: Figures = {}
    hits: list[bool] = []
    for line in UNSEEN.read_text().splitlines():
        word, prompt, name = line.split("\t")
        heard = bench.listener.names(bench.takes_of(prompt, steps))
        figures[word] = share([other == name for other in heard])
        hits += [other == name for other in heard]
    return {"all": share(hits), **figures}
