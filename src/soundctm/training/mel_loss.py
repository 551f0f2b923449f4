"""The multi-scale mel loss of the Descript Audio Codec (Kumar et al. 2023, section 3.4)."""

import torch
from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor, nn

from soundctm.audio.mel import slaney_filters


class MelLossConfig(BaseModel):
    """Scales of the loss. ``windows`` in samples (hops are a quarter), ``mels`` filters for each, magnitudes below
    ``floor`` count as ``floor``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    windows: tuple[int, ...] = (32, 64, 128, 256, 512, 1024, 2048)
    mels: tuple[int, ...] = (5, 10, 20, 40, 80, 160, 320)
    floor: float = 1e-5

    @model_validator(mode="after")
    def _pairs(self) -> "MelLossConfig":
        if len(self.windows) != len(self.mels):
            raise ValueError(f"{len(self.windows)} windows but {len(self.mels)} numbers of mels; give one for each")
        return self


class MelLoss(nn.Module):
    """``sum over scales of mean |log10 mel(x) - log10 mel(x_hat)|``, per item of a batch."""

    def __init__(self, sample_rate: int, config: MelLossConfig) -> None:
        super().__init__()
        self.config = config
        for n, mels in zip(config.windows, config.mels, strict=True):
            filters = torch.from_numpy(slaney_filters(n // 2 + 1, mels, sample_rate))
            self.register_buffer(f"window{n}", torch.hann_window(n), persistent=False)
            self.register_buffer(f"filters{n}", filters, persistent=False)

    def spectra(self, x: Tensor) -> list[Tensor]:
        """Log10 mel magnitudes ``[B, mels, 1 + length // hop]`` of ``x [B, length]`` at every scale, in float32.

        Frames are centred on multiples of the hop, and the ends reflected: ``length`` must be above half the longest
        window.
        """
        with torch.autocast(x.device.type, enabled=False):
            return [self._log_mel(x.float(), n) for n in self.config.windows]

    def _log_mel(self, x: Tensor, n: int) -> Tensor:
        window = self.get_buffer(f"window{n}")
        magnitude = torch.stft(x, n, n // 4, window=window, pad_mode="reflect", return_complex=True).abs()
        return (self.get_buffer(f"filters{n}") @ magnitude).clamp_min(self.config.floor).log10()

    @staticmethod
    def between(a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Distance per item ``[B]`` from the spectra of both."""
        return torch.stack([(u - v).abs().mean((1, 2)) for u, v in zip(a, b, strict=True)]).sum(0)

    def forward(self, x: Tensor, x_hat: Tensor) -> Tensor:
        """Distance per item ``[B]`` of waveforms ``[B, length]``."""
        return self.between(self.spectra(x), self.spectra(x_hat))
