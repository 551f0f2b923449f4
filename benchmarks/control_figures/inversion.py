"""From recordings to noise and back again: is the reconstruction found again?"""

from pathlib import Path

import torch
from torch import Tensor

from control_figures.measure import lsd, mean, median, relative
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import Held, held_out
from control_figures.section import Claim, Section, Table, number
from soundctm.control.codec import Codec
from soundctm.control.inversion import invert, student_denoiser
from soundctm.diffusion import heun, sigma_grid
from soundctm.performance import INVERSION_STEPS
from soundctm.sources import waveform
from soundctm.trajectory import sample

STEPS, SEED = 16, 1100
WAYS = {
    "heun": f"Heun downwards, {INVERSION_STEPS} steps",
    "jumps": f"{STEPS} jumps of the student",
    "other": f"{STEPS} jumps from other noise (no inversion)",
}

NEAR = {"heun": 0.05, "jumps": 0.25}  # distances in latents that count as the same sound


def pieces(sizes: Sizes) -> list[Piece]:
    """One for each guidance scale: the model's own, and none."""
    return [
        piece(f"inversion, {which} guidance", 2.5 * sizes.edited, run, count=sizes.edited, guided=which == "full",
              inversion_steps=INVERSION_STEPS, steps=STEPS, seed=SEED)
        for which in ("full", "no")
    ]  # fmt: skip


@torch.no_grad()
def run(place: Place, count: int, guided: bool, inversion_steps: int, steps: int, seed: int) -> Figures:
    """Distances of what comes back to what went in, in latents and in sound."""
    config = place.model.config
    omega = config.omega if guided else 1.0
    latents: dict[str, list[float]] = {way: [] for way in WAYS}
    sounds: dict[str, list[float]] = {way: [] for way in WAYS}
    noise_rms = []
    for i, one in enumerate(held_out(place, count)):
        codec = Codec(place.model.autoencoder, place.model.normalizer, seed + i)
        length = one.clip.samples.shape[1]
        z_0 = codec.encode(waveform(one.clip, place.model.sample_rate))
        z_T, back = there_and_back(place, one, z_0, omega, inversion_steps, steps, seed + i)
        noise_rms.append(round(float(z_T.square().mean().sqrt() / config.sigma_max), 4))
        reconstruction = codec.decode(z_0, length)[0, 0].numpy()
        for way, z in back.items():
            latents[way].append(round(relative(z.numpy(), z_0.numpy()), 5))
            sounds[way].append(round(lsd(codec.decode(z, length)[0, 0].numpy(), reconstruction), 4))
    return {"omega": omega, "latents": latents, "lsd": sounds, "noise": noise_rms}


def there_and_back(
    place: Place, one: Held, z_0: Tensor, omega: float, inversion_steps: int, steps: int, seed: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """The noise ``z_T`` behind latents ``z_0 [1, C, T]``, and what comes of it in each way."""
    model = place.model
    config, text = model.config, model.encode(one.caption)
    z_T = invert(
        model.student, z_0, text, steps=inversion_steps, omega=omega, sigma_min=config.sigma_min,
        sigma_max=config.sigma_max, rho=config.rho,
    )  # fmt: skip
    noise = torch.randn(z_0.shape, generator=torch.Generator().manual_seed(seed)) * config.sigma_max
    down = sigma_grid(inversion_steps, config.sigma_min, config.sigma_max, config.rho)

    def jumps(start: Tensor) -> Tensor:
        return sample(
            model.student, start, text, text, steps=steps, omega=omega, sigma_min=config.sigma_min,
            sigma_max=config.sigma_max, rho=config.rho,
        )  # fmt: skip

    return z_T, {
        "heun": heun(student_denoiser(model.student, text, omega), z_T, down),
        "jumps": jumps(z_T),
        "other": jumps(noise),
    }


def summary(place: Place) -> Figures | None:
    """Means and medians over recordings for both guidance scales."""
    found = [figures_of(place, one) for one in pieces(place.sizes)]
    rows = []
    for figures in found:
        if figures is None:
            return None
        rows.append({
            "omega": figures["omega"], "noise": mean(figures["noise"]),
            **{way: {"latents": mean(figures["latents"][way]), "median": median(figures["latents"][way]),
                     "worst": max(figures["latents"][way]), "lsd": mean(figures["lsd"][way])} for way in WAYS},
        })  # fmt: skip
    return {"rows": rows, "count": place.sizes.edited}


def section(figures: Figures) -> Section:
    """What comes back, and by which way."""
    lines = [
        [f"omega {row['omega']:g}, {WAYS[way]}", number(row[way]["latents"], 3), number(row[way]["median"], 3),
         number(row[way]["worst"], 3), number(row[way]["lsd"], 2), number(row["noise"], 2)]
        for row in figures["rows"] for way in WAYS
    ]  # fmt: skip
    header = ("way back", "distance in latents: mean", "median", "worst", "LSD to the reconstruction, dB",
              "RMS of z_T over sigma_max")  # fmt: skip
    how = (
        f"{figures['count']} held-out recordings, encoded, inverted under their class's caption with "
        f"{INVERSION_STEPS} Heun steps, and made again from what was found. Distance: RMS of the difference of latents "
        "over that of the encoded recording's. LSD: between the decoded and the autoencoder's reconstruction. The "
        "rows of other noise give the scale: the same caption without any inversion."
    )
    full = figures["rows"][0]
    checked = [
        Claim(f"distance after inversion and {WAYS[way]} (omega {full['omega']:g})", f"at most {NEAR[way]:g}",
              f"{number(full[way]['latents'], 3)} (other noise: {number(full['other']['latents'], 3)})",
              full[way]["latents"] <= NEAR[way])
        for way in NEAR
    ]  # fmt: skip
    return Section("Inversion", how, [Table(header, lines)], checked)


def draw(place: Place, images: Path) -> None:
    """No picture."""
