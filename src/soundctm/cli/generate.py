"""``soundctm generate``: words to sound."""

from pathlib import Path

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


def generate(
    prompt: str = typer.Argument(help='What to hear, for example "heavy rain on a tin roof".'),
    takes: int = typer.Option(4, help="How many takes, each from its own noise (1 to 1000)."),
    steps: int = typer.Option(1, help="Network steps: 1 to audition, up to 16 to refine (1 to 128)."),
    seconds: float = typer.Option(None, help="Length; the model's default when left out (5 for mini)."),
    seed: int = typer.Option(None, help="0 to 2^63 - 1; drawn and printed when left out."),
    omega: float = typer.Option(None, help="Guidance scale distilled into the model; its default when left out."),
    nu: float = typer.Option(
        1.0, help="Text against unconditional jumps; above 1 leans on the text, at twice the cost."
    ),
    gamma: float = typer.Option(0.0, help="Stochasticity: 0 keeps a take's content over steps, 1 draws anew at each."),
    negative: str = typer.Option("", help="What not to hear; needs --nu above 1, for example 2."),
    loop: bool = typer.Option(False, "--loop", help="Let the end lead into the beginning; loop points are written."),
    model: str = typer.Option("mini", help="A shipped model, a model folder, or a hub id."),
    device: str = typer.Option("cpu", help="cpu, cuda, mps."),
    out: Path = OutOption,
    as_json: bool = JsonOption,
) -> None:
    """Make takes of a prompt: 24-bit WAV with the recipe inside, and a spectrogram.

    Examples:

        soundctm generate "three slow knocks on a wooden door"

        soundctm generate "rain, then thunder" --takes 8 --seed 7 --out sounds
    """
    from soundctm.checks import check_prompt

    check_prompt(prompt)
    folder = output_folder(out)
    engine = load_model(model, device)
    recipes = engine.recipes(
        prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, omega=omega, nu=nu, gamma=gamma,
        negative=negative, loop=loop,
    )  # fmt: skip
    with progress("generating", as_json) as callback:
        results = [save_clip(clip, folder) for clip in engine.replay(recipes, callback)]
    say_understood(engine, prompt, results, as_json)
    count = f"{takes} take{'s' if takes > 1 else ''} in {steps} step{'s' if steps > 1 else ''}"
    report(results, as_json, f"{count}, seed {recipes[0].seed}. Refine the one you like: soundctm refine FILE")
