"""``soundctm control``: a sound that follows curves."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.common import (
    load_model,
    output_folder,
    progress,
    recipe_of,
    report,
    save_clip,
    say_understood,
    summary,
)
from soundctm.cli.forbidding import ForbidOption, HookOption, checked_filter
from soundctm.cli.options import (
    DeviceOption,
    EngineOption,
    GammaOption,
    JsonOption,
    LoopOption,
    ModelOption,
    NegativeOption,
    NuOption,
    OmegaOption,
    OutOption,
    PrecisionOption,
    SecondsOption,
    SeedOption,
    TakesOption,
)
from soundctm.cli.targets import closeness, deviations_of, read_targets, steering, weights

if TYPE_CHECKING:
    from soundctm.audio.target import Feature

HOW = "points, a CSV of seconds and values, or a recording to follow."


def control(
    prompt: str = typer.Argument(help="What to hear."),
    intensity: str = typer.Option(None, help=f"Level over time in dB full scale. A shape such as rise, or: {HOW}"),
    brightness: str = typer.Option(None, help=f"Centre of the spectrum in Hz: {HOW}"),
    band: str = typer.Option(None, help=f"Level of --band-range in dB full scale: {HOW}"),
    band_range: tuple[float, float] = typer.Option((100.0, 400.0), help="Lowest and highest frequency of --band."),
    onsets: str = typer.Option(None, help=f"Where events begin, 0 to 1: {HOW}"),
    pitch: str = typer.Option(None, help=f"Fundamental in Hz, for sounds that have one: {HOW}"),
    weight: list[str] = typer.Option([], help="FEATURE=NUMBER: how much a target counts; 1 when left out."),
    strength: float = typer.Option(
        None, help="Of guidance: how hard each jump is corrected, 0 to 2; what suits the targets when left out."
    ),
    fader: float = typer.Option(
        None, help="dB that the volume of the sound is drawn by at most, 0 to 60, where guidance left a level."
    ),
    auditions: int = typer.Option(
        None, help="Noises to hear in one step, from which the start is chosen (1 to 256); 32 when left out."
    ),
    shortlist: int = typer.Option(
        None,
        help="Of so many auditions nearest to the curves, the one that fits the prompt best begins; 4 when left out.",
    ),
    method: str = typer.Option("guidance", help="guidance, or start: move the noise to begin with (slower)."),
    takes: int = TakesOption,
    steps: int = typer.Option(16, help="Network steps (1 to 128); those that refine the sound are corrected."),
    omega: float = OmegaOption,
    nu: float = NuOption,
    gamma: float = GammaOption,
    negative: str = NegativeOption,
    loop: bool = LoopOption,
    seconds: float = SecondsOption,
    seed: int = SeedOption,
    forbid: list[Path] = ForbidOption,
    hook: str = HookOption,
    model: str = ModelOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = PrecisionOption,
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

    forbidden = checked_filter(forbid, hook, prompt)
    folder = output_folder(out)
    loaded = load_model(model, device, engine, precision, gradients=True)
    forbidden.check_heard([prompt], loaded.understood)
    asked: dict[Feature, str | None] = {
        "intensity": intensity,
        "brightness": brightness,
        "band": band,
        "onsets": onsets,
        "pitch": pitch,
    }
    length = loaded.config.seconds if seconds is None else seconds
    check_seconds(length)
    targets = read_targets(asked, weights(weight), length, band_range)
    with progress("steering", as_json) as callback:
        clips = loaded.generate(
            prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, omega=omega, nu=nu,
            gamma=gamma, negative=negative, loop=loop, targets=targets,
            steering=steering(method, strength, fader, auditions, shortlist), callback=callback,
        )  # fmt: skip
    away = [deviations_of(clip) for clip in clips]
    results = [{**save_clip(clip, folder), "deviations": each} for clip, each in zip(clips, away, strict=True)]
    say_understood(loaded, prompt, results, as_json)
    report(results, as_json, f"{summary([recipe_of(clip) for clip in clips])}. {closeness(away)}")
