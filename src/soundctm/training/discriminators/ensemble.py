"""All discriminators together, and their sizes."""

from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor, nn

from soundctm.training.discriminators.bands import BandDiscriminator, band_slices
from soundctm.training.discriminators.judgement import Judgement
from soundctm.training.discriminators.period import PeriodDiscriminator

PEAK = 0.8
QUIETEST = 1e-3  # peaks below -60 dB are not raised further: silence has no shape to judge


class DiscriminatorConfig(BaseModel):
    """Sizes of the discriminators; the defaults are those of the Descript Audio Codec."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_widths: tuple[int, ...] = (32, 128, 512, 1024, 1024)
    windows: tuple[int, ...] = (2048, 1024, 512)
    band_edges: tuple[float, ...] = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)  # fractions of the bins up to Nyquist
    band_width: int = 32

    @model_validator(mode="after")
    def _bands_fit(self) -> "DiscriminatorConfig":
        for window in self.windows:
            band_slices(window // 2 + 1, self.band_edges)
        return self


def centred(x: Tensor) -> Tensor:
    """``x [B, length]`` without its mean, at a peak of 0.8: level is for the reconstruction loss to judge."""
    x = x - x.mean(-1, keepdim=True)
    return x * (PEAK / x.abs().amax(-1, keepdim=True).clamp_min(QUIETEST))


class Discriminators(nn.Module):
    """Multi-period and multi-band multi-scale complex-STFT discriminators of one waveform."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(
            [PeriodDiscriminator(period, config.period_widths) for period in config.periods]
            + [BandDiscriminator(window, config.band_edges, config.band_width) for window in config.windows]
        )

    def forward(self, x: Tensor) -> list[Judgement]:
        """One judgement per member of waveforms ``x [B, length]`` or ``[B, 1, length]``."""
        x = centred(x.flatten(1))
        return [member(x) for member in self.members]
