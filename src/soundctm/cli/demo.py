"""``soundctm demo``: three prompts, auditioned and refined."""

from pathlib import Path

from soundctm.cli.common import OutOption, load_model, output_folder, progress, report, save_clip

PROMPTS = ("heavy rain on a tin roof", "three slow knocks", "a high-pitched bell ringing")
SEED = 7


def demo(out: Path = OutOption) -> None:
    """Three prompts in 1 and in 16 steps, with spectrograms: shows that everything works."""
    folder = output_folder(out)
    model = load_model("mini", "cpu")
    results = []
    for prompt in PROMPTS:
        with progress(prompt, False) as callback:
            audition = model.generate(prompt, seed=SEED, callback=callback)[0]
            refined = model.refine(audition, 16, callback)
        results += [save_clip(audition, folder), save_clip(refined, folder)]
    report(
        results, False, f"{len(PROMPTS)} prompts, each auditioned in 1 step and refined in 16 (a picture beside each):"
    )
