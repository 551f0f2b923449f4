"""``soundctm control``: a sound that follows curves."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.common import (
    JsonOption,
    OutOption,
    load_model,
    output_folder,
    progress,
    report,
    save_clip,
    say_understood,
)
from soundctm.cli.targets import closeness, deviations_of, read_targets, steering, weights

if TYPE_CHECKING:
    from soundctm.audio.target import Feature

HOW = "A shape, points, a CSV of seconds and values, or a recording to follow."


def control(
    prompt: str = typer.Argument(help="What to hear."),
    intensity: str = typer.Option(None, help=f"Level over time in dB full scale. {HOW}"),
    brightness: str = typer.Option(None, help=f"Centre of the spectrum in Hz. {HOW}"),
    band: str = typer.Option(None, help=f"Level of --band-range in dB full scale. {HOW}"),
    band_range: tuple[float, float] = typer.Option((100.0, 400.0), help="Lowest and highest frequency of --band."),
    onsets: str = typer.Option(None, help=f"Where events begin, 0 to 1. {HOW}"),
    pitch: str = typer.Option(None, help=f"Fundamental in Hz, for sounds that have one. {HOW}"),
    weight: list[str] = typer.Option([], help="FEATURE=NUMBER: how much a target counts; 1 when left out."),
    strength: float = typer.Option(None, help="How hard each jump is corrected, 0 to 2; a good value when left out."),
    method: str = typer.Option("guidance", help="guidance, or start: choose the noise to begin with (slower)."),
    takes: int = typer.Option(1, help="How many takes, each from its own noise (1 to 1000)."),
    steps: int = typer.Option(16, help="Network steps (1 to 128); each is corrected."),
    omega: float = typer.Option(None, help="Guidance scale distilled into the model; its default when left out."),
    nu: float = typer.Option(1.0, help="Text against unconditional jumps; above 1 leans on the text."),
    gamma: float = typer.Option(0.0, help="Stochasticity: 0 is deterministic, 1 draws anew at each step."),
    negative: str = typer.Option("", help="What not to hear; needs --nu above 1, for example 2."),
    seconds: float = typer.Option(None, help="Length; the model's default when left out (5 for mini)."),
    seed: int = typer.Option(None, help="0 to 2^63 - 1; drawn and printed when left out."),
    model: str = typer.Option("mini", help="A shipped model, a model folder, or a hub id."),
    device: str = typer.Option("cpu", help="cpu, cuda, mps."),
    out: Path = OutOption,
    as_json: bool = JsonOption,
) -> None:
    """Make a sound that follows curves: how loud, how bright, when events begin.

    Curves cover part of the time or all of it; several may be combined.

    Examples:

        soundctm control "rain" --intensity rise

        soundctm control "wind" --intensity "0:-40, 1.5:-12, 2:free, 4:-20, 5:-50" --brightness "0:400, 5:3000"

        soundctm control "dog barking" --intensity hummed.wav
    """
    from soundctm.checks import check_seconds

    folder = output_folder(out)
    engine = load_model(model, device)
    asked: dict[Feature, str | None] = {
        "intensity": intensity,
        "brightness": brightness,
        "band": band,
        "onsets": onsets,
        "pitch": pitch,
    }
    length = engine.config.seconds if seconds is None else seconds
    check_seconds(length)
    targets = read_targets(asked, weights(weight), length, band_range)
    with progress("steering", as_json) as callback:
        clips = engine.generate(
            prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, omega=omega, nu=nu,
            gamma=gamma, negative=negative, targets=targets,
            steering=steering(method, strength), callback=callback,
        )  # fmt: skip
    results = [{**save_clip(clip, folder), "deviations": deviations_of(clip)} for clip in clips]
    say_understood(engine, prompt, results, as_json)
    made = clips[0].recipe
    count = f"{takes} take{'s' if takes > 1 else ''} in {steps} step{'s' if steps > 1 else ''}"
    report(results, as_json, f"{count}, seed {made.seed if made else '-'}. {closeness(clips)}")
