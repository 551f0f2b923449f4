"""What the commands that work on a recording are asked, and what they do with a plan."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from soundctm.cli.forbidding import Forbidding
from soundctm.cli.options import DeviceOption, Guidance, ModelOption, PromptOption, Results, SeedOption

if TYPE_CHECKING:
    from soundctm.edits import Plan


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What every edit that listens to a prompt may be asked."""

    prompt: str = PromptOption
    seed: int = SeedOption
    guidance: Guidance
    forbidding: Forbidding
    model: str = ModelOption
    device: str = DeviceOption
    results: Results


def perform(plan: "Plan", asked: Asked, takes: int, steps: int) -> None:
    """Make the takes of a plan, save and report them."""
    words = [each for each in (asked.prompt, *plan.edit.prompts) if each]
    forbidden = asked.forbidding.checked(*words)
    folder, as_json = output_folder(asked.results.out), asked.results.as_json
    engine = load_model(asked.model, asked.device)
    forbidden.check_heard(words, engine.understood)
    with progress(plan.edit.kind, as_json) as callback:
        clips = engine.edit(
            plan, asked.prompt, takes=takes, steps=steps, seed=asked.seed, callback=callback, **vars(asked.guidance)
        )
    results = [save_clip(clip, folder) for clip in clips]
    if asked.prompt:
        say_understood(engine, asked.prompt, results, as_json)
    report(results, as_json, f"{plan.edit.kind}: {summary([recipe_of(clip) for clip in clips])}")
