"""What a training step would otherwise compute: the autoencoder's moments and the text encoder's tokens."""

from typing import Any

import numpy as np
import torch

from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.model import SoundCTM
from soundctm.training.data.prepare.decode import FULL_SCALE
from soundctm.training.data.prepare.items import Fault
from soundctm.training.data.prepare.settings import Settings
from soundctm.training.data.prepare.shards import Encoded


class LatentEncoder:
    """Encodes each clip alone, so that its latents do not depend on what stands beside it."""

    def __init__(self, model: SoundCTM, settings: Settings) -> None:
        if settings.channels != "mono":
            raise UserError("--latents needs mono: autoencoders take one channel; leave --channels stereo out")
        if settings.sample_rate != model.sample_rate:
            raise UserError(
                f"sample rate {settings.sample_rate} Hz, but model {model.name} works at {model.sample_rate} Hz; "
                f"leave --sample-rate out, or give {model.sample_rate}"
            )
        self.model = model
        self.frames = model.frames(settings.seconds)

    def encode(self, samples: np.ndarray, caption: str) -> Encoded | Fault:
        """Moments and tokens of a clip, int16 ``[1, length]``."""
        moments = self._moments(samples)
        if not all(np.isfinite(part).all() for part in moments):
            return Fault("not_encodable", "the autoencoder's latents of it do not fit half precision")
        return Encoded(*moments, self.tokens(caption))

    @torch.inference_mode()
    def _moments(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = torch.from_numpy(samples.astype(np.float32) / FULL_SCALE)[None].to(self.model.device)
        posterior = self.model.autoencoder.encode(x)  # type: ignore[operator]
        mean, logvar = (part[0].half().cpu().numpy() for part in (posterior.mean, posterior.logvar))
        return mean, logvar

    @torch.inference_mode()
    def tokens(self, caption: str) -> np.ndarray:
        """Real tokens ``[N, D]`` of a caption, float16."""
        conditioning: Conditioning = self.model.text_encoder.encode([caption])  # type: ignore[operator]
        tokens: np.ndarray = conditioning.tokens[0][conditioning.mask[0]].half().cpu().numpy()
        return tokens

    def facts(self) -> dict[str, Any]:
        """What a reader needs to know, for the manifest."""
        normalizer = self.model.normalizer
        return {
            "model": self.model.name,
            "model_hash": self.model.model_hash,
            "channels": int(normalizer.mean.numel()),
            "frames": self.frames,
            "context_dim": int(self.model.text_encoder.dim),  # type: ignore[arg-type]
            "normalizer": {
                "mean": normalizer.mean.tolist(),
                "std": normalizer.std.tolist(),
                "sigma_data": normalizer.sigma_data,
            },
        }
