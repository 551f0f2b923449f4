"""A model as one engine computes it, against its references."""

from soundctm.doctor.distances import decibels, relative
from soundctm.doctor.exact import decoded, latents
from soundctm.doctor.golden import Golden
from soundctm.doctor.results import Check
from soundctm.doctor.tolerances import TOLERANCES
from soundctm.model import SoundCTM


def golden_checks(model: SoundCTM, golden: Golden) -> tuple[Check, ...]:
    """Every reference against what the model comes to. The decoder starts from the stored latents, so that it answers
    for itself alone."""
    allowed, checks = TOLERANCES[model.computation.options.precision], []
    with model.computation.arithmetic():
        for recipe, wanted in zip(golden.recipes, golden.latents, strict=True):
            name = f"latents, {recipe.steps} step{'s' if recipe.steps > 1 else ''}"
            name += f", nu {recipe.nu:g}" if recipe.nu != 1.0 else ""
            error = relative(latents(model.engine, recipe), wanted)
            checks.append(Check(name=name, unit="relative", error=error, tolerance=allowed.latents))
        sound = decoded(model.engine, golden.recipes[0], golden.latents[0][..., : golden.frames])
    levels, samples = decibels(sound, golden.samples, model.sample_rate), relative(sound, golden.samples)
    checks.append(Check(name="decoder, octave levels", unit="dB", error=levels, tolerance=allowed.bands))
    checks.append(Check(name="decoder, samples", unit="relative", error=samples, tolerance=allowed.samples))
    return tuple(checks)
