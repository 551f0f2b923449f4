"""Options that several commands share: what each is called, says and defaults to, written once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer


def takes_option(default: int) -> Any:
    """``--takes``, of which commands make different numbers when it is left out."""
    return typer.Option(default, help="How many takes, each from its own noise (1 to 1000).")


def steps_option(default: int) -> Any:
    """``--steps``, of which commands need different numbers."""
    return typer.Option(default, help="Network steps (1 to 128).")


# What is heard, and how it is made
PromptOption = typer.Option("", "--prompt", "-p", help="What is heard; the recording itself says most of it.")
TakesOption = takes_option(1)
StepsOption = steps_option(16)
SecondsOption = typer.Option(None, help="Length; the model's default when left out (5 for mini).")
SeedOption = typer.Option(None, help="0 to 2^63 - 1; drawn and printed when left out.")
OmegaOption = typer.Option(None, help="Guidance scale distilled into the model; its default when left out.")
NuOption = typer.Option(1.0, help="Text against unconditional jumps; above 1 leans on the text, at twice the cost.")
GammaOption = typer.Option(0.0, help="Stochasticity: 0 keeps a take's content over steps, 1 draws anew at each.")
LoopOption = typer.Option(False, "--loop", help="Let the end lead into the beginning; loop points are written.")
NegativeOption = typer.Option("", help="What not to hear; needs --nu above 1, for example 2.")

# Where it comes from, and where it goes
SourceOption = typer.Option([], help="A recording that a take was made from; several may be given.")
ModelOption = typer.Option("mini", help="A shipped model, a model folder, or a hub id.")
MovedOption = typer.Option(None, "--model", help="Where the model lies now, if it moved; the recipe says otherwise.")
DeviceOption = typer.Option("cpu", help="cpu, cuda, mps.")
EngineOption = typer.Option("auto", help="What runs the networks: auto, eager, compiled or onnx; see soundctm doctor.")
PrecisionOption = typer.Option("float32", help="Numbers to multiply in: float32, tf32, bfloat16 or int8.")
KeptPrecisionOption = typer.Option(None, "--precision", help="Numbers to multiply in; the recipe's when left out.")
OutOption = typer.Option(Path("."), "--out", "-o", help="Folder for the files; made if it is missing.")
JsonOption = typer.Option(False, "--json", help="Print one JSON object instead of text.")


# Groups of them, which :func:`soundctm.cli.unfolded.unfolded` turns into options of a command


@dataclass(frozen=True)
class Guidance:
    """How a take listens to its prompt."""

    omega: float = OmegaOption
    nu: float = NuOption
    gamma: float = GammaOption
    negative: str = NegativeOption


@dataclass(frozen=True)
class Computing:
    """What makes the sound."""

    model: str = ModelOption
    device: str = DeviceOption
    engine: str = EngineOption
    precision: str = PrecisionOption


@dataclass(frozen=True)
class Results:
    """Where files go, and how they are told."""

    out: Path = OutOption
    as_json: bool = JsonOption
