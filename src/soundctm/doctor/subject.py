"""What is examined: a model in facts, with its references."""

from dataclasses import dataclass

import torch

from soundctm.benchmark import PAPER
from soundctm.benchmark.results import Model
from soundctm.benchmark.subjects import load
from soundctm.benchmark.summary import describe_model
from soundctm.checks import MAX_TAKES
from soundctm.config import ModelConfig
from soundctm.crew import Crew
from soundctm.doctor.golden import Golden, read_golden, weights_digest
from soundctm.doctor.results import References
from soundctm.engines.threads import physical_cores
from soundctm.folder import GOLDEN, locate
from soundctm.model import SoundCTM


@dataclass(frozen=True)
class Subject:
    """``golden`` is None where there are no references, or none of these weights."""

    name: str
    facts: Model
    config: ModelConfig
    golden: Golden | None
    references: References

    def in_flight(self, device: str) -> int:
        """Takes that are at work at the same time on a device, however many are asked for."""
        crew = Crew.of(self.facts.parameters["student"], torch.device(device), physical_cores(), MAX_TAKES)
        return max(1, crew.workers) * crew.width


def open_subject(name: str) -> Subject:
    """Look at a preset of the benchmark, a model folder or a hub id."""
    model = load(name, "cpu")
    golden, references = find_golden(name, model)
    return Subject(name, describe_model(model, model.config.seconds), model.config, golden, references)


def find_golden(name: str, model: SoundCTM) -> tuple[Golden | None, References]:
    """The references of a model if they are of its weights, and what there is to say of them."""
    golden = None if name == PAPER else read_golden(locate(name) / GOLDEN)
    renew = f"write them with python -m soundctm.doctor.golden {name}"
    if golden is None:
        words = f"this model has no stored references, so there is nothing to compare with; {renew}"
        return None, References(state="missing", model_hash=None, words=words)
    if golden.weights != weights_digest(model):
        words = (
            f"the stored references are stale: they belong to model {golden.model_hash}, and this is "
            f"{model.model_hash}; if the weights are as they should be, {renew}"
        )
        return None, References(state="stale", model_hash=golden.model_hash, words=words)
    words = f"stored references of model {golden.model_hash}"
    return golden, References(state="good", model_hash=golden.model_hash, words=words)
