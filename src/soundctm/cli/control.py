"""``soundctm control``: a sound that follows curves."""

import typer

from soundctm.cli.common import load_model, output_folder, progress, report, save_clip, say_understood, summary
from soundctm.cli.forbidding import Forbidding
from soundctm.cli.options import Computing, Guidance, LoopOption, Results, SecondsOption, SeedOption, TakesOption
from soundctm.cli.targets import Curves, Way, closeness, deviations_of
from soundctm.cli.unfolded import unfolded


@unfolded
def control(
    prompt: str = typer.Argument(help="What to hear."),
    *,
    curves: Curves,
    way: Way,
    takes: int = TakesOption,
    steps: int = typer.Option(16, help="Network steps (1 to 128); those that refine the sound are corrected."),
    guidance: Guidance,
    loop: bool = LoopOption,
    seconds: float = SecondsOption,
    seed: int = SeedOption,
    forbidding: Forbidding,
    computing: Computing,
    results: Results,
) -> None:
    """Make a sound that follows curves: how loud, how bright, when events begin.

    Curves cover part of the time or all of it; several may be combined.

    Examples:

        soundctm control "rain" --intensity rise

        soundctm control "wind" --intensity "0:-40, 1.5:-12, 2:free, 4:-20, 5:-50" --brightness "0:400, 5:3000"

        soundctm control "dog barking" --intensity hummed.wav
    """
    from soundctm.checks import check_seconds

    forbidden = forbidding.checked(prompt)
    folder = output_folder(results.out)
    loaded = load_model(computing.model, computing.device, computing.engine, computing.precision, gradients=True)
    forbidden.check_heard([prompt], loaded.understood)
    length = loaded.config.seconds if seconds is None else seconds
    check_seconds(length)
    targets, steering = curves.targets(length), way.steering()
    recipes = loaded.recipes(
        prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, loop=loop, targets=targets, steering=steering,
        **vars(guidance),
    )  # fmt: skip
    with progress("steering", results.as_json) as callback:
        files = [
            {**save_clip(clip, folder), "deviations": deviations_of(clip)} for clip in loaded.replay(recipes, callback)
        ]
    say_understood(loaded, prompt, files, results.as_json, [guidance.negative])
    report(files, results.as_json, f"{summary(recipes)}. {closeness([file['deviations'] for file in files])}")
