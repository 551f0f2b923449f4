"""What the commands that work on a recording are asked, and what they do with a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soundctm.batch.faults import printable
from soundctm.cli.common import load_model, output_folder, progress, report, save_clip, say, say_understood, summary
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


def perform(plan: "Plan", asked: Asked, takes: int, steps: int, *files: Path) -> None:
    """Make the takes of a plan, save each as it comes, and report them with what is to be known of the ``files`` that
    its sounds were read from."""
    words = [each for each in (asked.prompt, *plan.edit.prompts) if each]
    forbidden = asked.forbidding.checked(*words)
    folder, as_json = output_folder(asked.results.out), asked.results.as_json
    engine = load_model(asked.model, asked.device)
    forbidden.check_heard(words, engine.understood)
    recipes = engine.recipes(
        asked.prompt, takes=takes, steps=steps, seed=asked.seed, plan=plan, **vars(asked.guidance)
    )  # fmt: skip
    notes = [*folds(plan, engine.sample_rate), *cuts(files)]
    with progress(plan.edit.kind, as_json) as callback:
        clips = engine.replay(recipes, callback, plan.sources)
        results = [save_clip(clip, folder) | ({"notes": notes} if notes else {}) for clip in clips]
    for note in notes if not as_json else ():
        say(note)
    say_understood(engine, asked.prompt, results, as_json, [*plan.edit.prompts, asked.guidance.negative])
    report(results, as_json, f"{plan.edit.kind}: {summary(recipes)}")


def folds(plan: "Plan", sample_rate: int) -> Iterator[str]:
    """What is done to recordings before they are worked on: the model has one channel, and a rate of its own."""
    for source in dict.fromkeys(plan.edit.sources):
        clip = plan.sources[source.digest]
        done = [f"{len(clip.samples)} channels folded to mono"] if len(clip.samples) > 1 else []
        done += [f"{clip.sample_rate:,} to {sample_rate:,} Hz"] if clip.sample_rate != sample_rate else []
        if done:
            yield printable(f"{source.name}: {', '.join(done)}")


def cuts(files: tuple[Path, ...]) -> Iterator[str]:
    """Which files lack their ends, as after a download that broke off: what is there is used."""
    from soundctm.audio.truncation import file_ends_early

    for path in dict.fromkeys(files):
        if file_ends_early(path):
            yield printable(f"{path.name}: cut off, as it ends before its header says; fetch it again")
