"""What the training of a spectral decoder begins with: a codec, fitted or taken over, and the decoder's first weights.

The codec encodes, so latents that were made with it are only valid as long as it stays as it is, to the last bit.
"""

import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from soundctm.audio.io import write_atomically
from soundctm.autoencoder.istft import SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.errors import UserError
from soundctm.folder import ROW_SCALE, read_tensors
from soundctm.training.codec import fit_basis, latent_scale
from soundctm.training.data.source import digest
from soundctm.training.data.waveforms import WaveformSource
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.world import World

NAME = "autoencoder"
CODEC = "codec.pt"
FIT_BATCH = 20


@dataclass(frozen=True)
class Beginning:
    """An autoencoder before its first step. ``kept`` are the tensors that training does not change, as they are stored;
    ``identity`` says what may not change when the training is resumed."""

    autoencoder: SpectralAutoencoder
    kept: dict[str, Tensor]
    identity: dict[str, str]


def load_spectral(folder: Path) -> tuple[SpectralAutoencoder, Normalizer]:
    """The trained autoencoder of a folder and its latents' statistics. UserError where there is none."""
    try:
        autoencoder = SpectralAutoencoder(SpectralConfig.model_validate_json((folder / f"{NAME}.json").read_bytes()))
        tensors = read_tensors(folder / f"{NAME}.safetensors")
        normalizer = Normalizer(tensors.pop("normalizer.mean"), tensors.pop("normalizer.std"))
        autoencoder.load_state_dict(tensors)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{folder} holds no trained spectral autoencoder ({reason}); train one first") from error
    return autoencoder, normalizer


def taken_over(start: Path, sizes: SpectralConfig) -> Beginning:
    """Codec and decoder of a trained autoencoder. UserError unless it has these sizes."""
    autoencoder, _ = load_spectral(start)
    differing = [f"{name} {value}" for name, value in autoencoder.config if value != getattr(sizes, name)]
    if differing:
        raise UserError(f"the autoencoder in {start} has {', '.join(differing)}; set [autoencoder] to these sizes")
    path = start / f"{NAME}.safetensors"
    trained = {name for name, _ in autoencoder.named_parameters()}
    kept = {name: value for name, value in load_file(path).items() if name.removesuffix(ROW_SCALE) not in trained}
    return Beginning(autoencoder, kept, {"start": digest(path.read_bytes())})


def fitted(
    config: SpectralTraining, source: WaveformSource, out: Path, resume: bool | None, world: World
) -> Beginning:  # fmt: skip
    """A fresh decoder and a codec fitted on crops of ``source``, which is stored in ``out/codec.pt``: a later run takes
    it up again. With ``resume`` it must be there."""
    path = out / CODEC
    if resume and not path.exists():
        raise UserError(f"there is no checkpoint in {out} to go on from; leave --resume out to begin")
    torch.manual_seed(config.seed)
    autoencoder = SpectralAutoencoder(config.autoencoder)
    facts = config.model_dump_json(include={"autoencoder", "fit_clips", "fit_seconds", "seed"})
    made = digest(facts.encode(), source.identity.encode())
    if world.first and not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        print(f"fitting the codec on {config.fit_clips} crops of {config.fit_seconds:g} s", file=sys.stderr, flush=True)
        codec = fit_codec(autoencoder, config, source)
        write_atomically(path, lambda file: torch.save({"made": made, "codec": codec}, file))
    world.wait()
    kept = _read_codec(path, made)
    with torch.no_grad():
        autoencoder.band_mean.copy_(kept["band_mean"])
        autoencoder.basis.copy_(kept["basis"])
    parts = (kept[name].numpy().tobytes() for name in sorted(kept))
    return Beginning(autoencoder, kept, {"codec": digest(*parts)})


def fit_codec(autoencoder: SpectralAutoencoder, config: SpectralTraining, source: WaveformSource) -> dict[str, Tensor]:
    """Fit the codec of ``autoencoder``; its tensors by the names and in the precision in which they are stored."""
    spread = fit_basis(autoencoder, _fit_batches(config, source))
    if not bool((spread > 0).all()):
        raise UserError(
            f"the sounds fill {int((spread > 0).sum())} of {len(spread)} latent channels; "
            "give more or other sounds, or lower autoencoder.channels"
        )
    return {
        "band_mean": autoencoder.band_mean.half(), "basis": autoencoder.basis.half().contiguous(),
        "normalizer.mean": torch.zeros_like(spread), "normalizer.std": latent_scale(spread),
    }  # fmt: skip


def _fit_batches(config: SpectralTraining, source: WaveformSource) -> Iterator[Tensor]:
    for index, first in enumerate(range(0, config.fit_clips, FIT_BATCH)):
        x = source.crops(index, min(FIT_BATCH, config.fit_clips - first), config.fit_length)
        if not bool(x.isfinite().all()):
            raise UserError("some samples of the sounds are no finite numbers; prepare the data again without them")
        yield x


def _read_codec(path: Path, made: str) -> dict[str, Tensor]:
    try:
        state = torch.load(path, weights_only=True)
        found, codec = state["made"], state["codec"]
    except (RuntimeError, EOFError, OSError, KeyError, TypeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read ({reason}); choose another --out to begin anew") from error
    if found != made:
        raise UserError(
            f"{path} was fitted on other data or by other settings; resume with the same, or choose another --out"
        )
    kept: dict[str, Tensor] = codec
    return kept
