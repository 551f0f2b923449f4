"""What takes are compared with: the evaluator's view of held-out recordings."""

import numpy as np

from control_figures.place import Figures, Piece, Place, Sizes, piece
from control_figures.recordings import held_out
from soundctm.metrics.frechet import frechet_distance

NAME = "reference"
ALL = 1000


def pieces(sizes: Sizes) -> list[Piece]:
    """One."""
    return [piece(NAME, 20.0, run, takes=6 * sizes.prompts)]


def run(place: Place, takes: int) -> Figures:
    """Embeddings of every held-out recording, and how far as many training recordings as there are takes lie from
    them."""
    recordings = held_out(place, ALL)
    embeddings, heard = place.hear([one.samples for one in recordings])
    others, _ = place.hear([one.samples for one in held_out(place, takes, training=True)])
    place.keep_arrays(NAME, {"held out": embeddings})
    hits = [name == one.class_name for name, one in zip(heard, recordings, strict=True)]
    return {
        "held out": len(recordings),
        "floor": round(frechet_distance(others, embeddings), 2),
        "recognised": round(float(np.mean(hits)), 4),
    }
