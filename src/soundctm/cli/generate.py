"""``soundctm generate``: words to sound."""

from pathlib import Path

import typer

from soundctm.cli.common import counted, load_model, output_folder, progress, report, save_clip, say_understood, summary
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
    takes_option,
)


def generate(
    prompt: str = typer.Argument(help='What to hear, in English, for example "heavy rain on a tin roof".'),
    takes: int = takes_option(4),
    steps: int = typer.Option(1, help="Network steps: 1 to audition, up to 16 to refine (1 to 128)."),
    seconds: float = SecondsOption,
    seed: int = SeedOption,
    omega: float = OmegaOption,
    nu: float = NuOption,
    gamma: float = GammaOption,
    negative: str = NegativeOption,
    loop: bool = LoopOption,
    auditions: int = typer.Option(
        None,
        help="Noises to hear in one step at most (1 to 256): the take begins with the first that clearly has as many "
        "events as the prompt says, or, where it says no number, with the one whose sound fits it best. 8 where a "
        "number is said and one step decides the sound, as in mini; else 1.",
    ),
    events: int = typer.Option(None, help="How many events a take is to have (1 to 100), whatever the prompt says."),
    forbid: list[Path] = ForbidOption,
    hook: str = HookOption,
    model: str = ModelOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = PrecisionOption,
    out: Path = OutOption,
    as_json: bool = JsonOption,
) -> None:
    """Make takes of a prompt: 24-bit WAV with the recipe inside, and a spectrogram.

    Examples:

        soundctm generate "three slow knocks on a wooden door"

        soundctm generate "rain, then thunder" --takes 8 --seed 7 --out sounds

        soundctm generate "a large dog barking" --auditions 16
    """
    from soundctm.audio.events import events_heard
    from soundctm.audio.recipe import Steering
    from soundctm.checks import check_prompt
    from soundctm.conditioning.counts import said_count

    check_prompt(prompt)
    forbidden = checked_filter(forbid, hook, prompt)
    folder = output_folder(out)
    loaded = load_model(model, device, engine, precision)
    forbidden.check_heard([prompt], loaded.understood)
    recipes = loaded.recipes(
        prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, omega=omega, nu=nu, gamma=gamma,
        negative=negative, loop=loop, steering=Steering(auditions=auditions, events=events),
    )  # fmt: skip
    number = said_count(prompt) if events is None else events
    results = []
    with progress("generating", as_json) as callback:
        for clip in loaded.replay(recipes, callback):
            heard = {} if number is None else {"events": events_heard(clip.samples[0], clip.sample_rate, loop)}
            results.append(save_clip(clip, folder) | heard)
    say_understood(loaded, prompt, results, as_json)
    hits = sum(result.get("events") == number for result in results)
    counts = "" if number is None else f" {counted(number, 'event')} heard in {hits} of {counted(takes, 'take')}."
    report(results, as_json, f"{summary(recipes)}.{counts} Refine the one you like: soundctm refine FILE")
