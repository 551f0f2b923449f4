"""Trains the embedded model's autoencoder: fits the spectral codec, then learns its decoder."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from soundctm.autoencoder.istft import SpectralAutoencoder, SpectralConfig
from soundctm.training.codec import fit_basis, latent_scale
from soundctm.training.data.waveforms import Crops
from soundctm.training.ema import EMA
from soundctm.training.loop import Loop, cosine_rate
from soundctm.training.losses import SpectralDistance, energy_distance

BATCH = 12
CROP_FRAMES = 44  # latent frames of a training crop, about one second
LEARNING_RATE = 1.5e-3


def fit(autoencoder: SpectralAutoencoder, audio: np.ndarray, clips: int = 1500, seed: int = 0) -> Tensor:
    """Fit the codec on a random choice of clips; the spread of its components ``[channels]``."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(audio), min(clips, len(audio)), replace=False))
    batches = (
        torch.from_numpy(audio[part].astype(np.float32) / 32767)
        for part in np.array_split(chosen, len(chosen) // 20 + 1)
    )
    return fit_basis(autoencoder, batches)


@torch.no_grad()
def encode_all(autoencoder: SpectralAutoencoder, audio: np.ndarray, std: Tensor, out: Path) -> None:
    """Store normalised latents of every clip, float16 ``[n, channels, frames]``."""
    frames = audio.shape[1] // autoencoder.hop
    latents = np.lib.format.open_memmap(out, "w+", np.float16, (len(audio), autoencoder.channels, frames))
    for start in range(0, len(audio), 32):
        x = torch.from_numpy(audio[start : start + 32].astype(np.float32) / 32767)
        latents[start : start + 32] = (autoencoder.encode(x[:, None]).mean / std[:, None] * 0.5).numpy()


def train(data: Path, out: Path, minutes: float, config: SpectralConfig, seed: int = 0) -> None:
    """Fit the codec, write ``data/latents.npy``, train the decoder, write ``out/autoencoder.safetensors``."""
    torch.manual_seed(seed)
    audio = np.load(data / "audio.npy", mmap_mode="r")
    autoencoder = SpectralAutoencoder(config)
    out.mkdir(parents=True, exist_ok=True)
    std = prepare_codec(autoencoder, audio, data, out)
    crops = Crops(audio, np.load(data / "real.npy"), seed, config.sample_rate)
    distance = SpectralDistance(config.sample_rate)
    parameters = list(autoencoder.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, betas=(0.8, 0.95), weight_decay=1e-3)
    ema = EMA(autoencoder, 0.998, warmup=True)
    loop = Loop({"model": autoencoder, "optimizer": optimizer, "ema": ema}, out, minutes)
    length = CROP_FRAMES * autoencoder.hop

    def step(index: int, progress: float) -> dict[str, float]:
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * cosine_rate(progress)
        x = crops.crops(index, BATCH, length)
        h, bands = autoencoder.features(autoencoder.encode(x[:, None]).mean)
        draws = [autoencoder.synthesise(h, bands, torch.randn_like(x)) for _ in range(2)]
        loss = energy_distance(distance, x, *draws).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        ema.update(autoencoder)
        return {"loss": loss.item(), "grad": float(norm)}

    if loop.run(step):
        save(ema.module, std, out / "autoencoder.safetensors")


def prepare_codec(autoencoder: SpectralAutoencoder, audio: np.ndarray, data: Path, out: Path) -> Tensor:
    """Fit and store the codec once; a later run takes it up again, since latents depend on it."""
    path = out / "codec.pt"
    if not path.exists():
        std = latent_scale(fit(autoencoder, audio))
        torch.save({"mean": autoencoder.band_mean, "basis": autoencoder.basis, "std": std}, path)
        encode_all(autoencoder, audio, std, data / "latents.npy")
    state = torch.load(path, weights_only=True)
    autoencoder.band_mean.copy_(state["mean"])
    autoencoder.basis.copy_(state["basis"])
    return state["std"]


def save(module: torch.nn.Module, std: Tensor, path: Path) -> None:
    """Half-precision weights, and the normaliser's statistics in full."""
    tensors = {name: value.half().contiguous() for name, value in module.state_dict().items()}
    tensors["normalizer.mean"] = torch.zeros_like(std)
    tensors["normalizer.std"] = std
    save_file(tensors, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    spectral = SpectralConfig()
    train(arguments.data, arguments.out, arguments.minutes, spectral)
    (arguments.out / "autoencoder.json").write_text(json.dumps(spectral.model_dump()))
