"""``soundctm demo``: three prompts, auditioned and refined."""

from pathlib import Path

from soundctm.cli.common import load_model, output_folder, progress, report, save_clip
from soundctm.cli.options import ModelOption, OutOption

PROMPTS = ("heavy rain on a tin roof", "three slow knocks", "a high-pitched bell ringing")
SEED = 7
STEPS = 16


def demo(out: Path = OutOption, model: str = ModelOption) -> None:
    """Three prompts in 1 and in 16 steps, with spectrograms: shows that everything works."""
    folder = output_folder(out)
    engine = load_model(model, "cpu")
    results = []
    for prompt in PROMPTS:
        with progress(prompt, False) as callback:
            audition = engine.generate(prompt, seed=SEED, callback=callback)[0]
            refined = engine.refine(audition, STEPS, callback)
        results += [save_clip(audition, folder), save_clip(refined, folder)]
    report(results, False, f"{len(PROMPTS)} prompts in 1 and in {STEPS} steps, each with a picture beside it:")
