"""``soundctm generate``: words to sound."""

import typer

from soundctm.cli.common import counted, load_model, output_folder, progress, report, save_clip, say_understood, summary
from soundctm.cli.forbidding import Forbidding
from soundctm.cli.options import Computing, Guidance, LoopOption, Results, SecondsOption, SeedOption, takes_option
from soundctm.cli.unfolded import unfolded


@unfolded
def generate(
    prompt: str = typer.Argument(help='What to hear, in English, for example "heavy rain on a tin roof".'),
    takes: int = takes_option(4),
    steps: int = typer.Option(1, help="Network steps: 1 to audition, up to 16 to refine (1 to 128)."),
    seconds: float = SecondsOption,
    seed: int = SeedOption,
    *,
    guidance: Guidance,
    loop: bool = LoopOption,
    auditions: int = typer.Option(
        None,
        help="Noises to hear in one step at most (1 to 256): the take begins with the first that clearly has as many "
        "events as the prompt says, or, where it says no number, with the one whose sound fits it best. 8 where a "
        "number is said and one step decides the sound, as in mini; else 1.",
    ),
    events: int = typer.Option(None, help="How many events a take is to have (1 to 100), whatever the prompt says."),
    forbidding: Forbidding,
    computing: Computing,
    results: Results,
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
    forbidden = forbidding.checked(prompt)
    folder = output_folder(results.out)
    loaded = load_model(computing.model, computing.device, computing.engine, computing.precision)
    forbidden.check_heard([prompt], loaded.understood)
    recipes = loaded.recipes(
        prompt, takes=takes, steps=steps, seconds=seconds, seed=seed, loop=loop,
        steering=Steering(auditions=auditions, events=events), **vars(guidance),
    )  # fmt: skip
    number = said_count(prompt) if events is None else events
    files = []
    with progress("generating", results.as_json) as callback:
        for clip in loaded.replay(recipes, callback):
            heard = {} if number is None else {"events": events_heard(clip.samples[0], clip.sample_rate, loop)}
            files.append(save_clip(clip, folder) | heard)
    say_understood(loaded, prompt, files, results.as_json, [guidance.negative])
    hits = sum(file.get("events") == number for file in files)
    counts = "" if number is None else f" {counted(number, 'event')} heard in {hits} of {counted(takes, 'take')}."
    report(files, results.as_json, f"{summary(recipes)}.{counts} Refine the one you like: soundctm refine FILE")
