"""``config.json`` of a model folder: checked, and an unknown key is an error."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from soundctm.autoencoder.dac import DACConfig
from soundctm.autoencoder.istft import SpectralConfig
from soundctm.backbones.dit import DiTConfig
from soundctm.conditioning.clap import ClapTextConfig
from soundctm.conditioning.mini import MiniTextConfig
from soundctm.diffusion.precond import SIGMA_DATA
from soundctm.errors import UserError

AutoencoderConfig = Annotated[SpectralConfig | DACConfig, Field(discriminator="kind")]
TextEncoderConfig = Annotated[MiniTextConfig | ClapTextConfig, Field(discriminator="kind")]


class ModelConfig(BaseModel):
    """What a model is made of. ``seconds`` and ``omega`` are the defaults of :meth:`SoundCTM.generate`; noise
    levels run from ``sigma_max`` to ``sigma_min``. ``sigma_first``, where it is given, is where the first of several
    deterministic steps lands in what :meth:`SoundCTM.generate` makes, so that a refined take keeps the content of its
    first step; left out, as for official models, all steps lie on the paper's grid."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal[1] = 1
    name: str
    seconds: float = Field(gt=0)
    max_seconds: float = Field(gt=0)
    omega: float
    sigma_min: float = Field(default=0.002, gt=0)
    sigma_max: float = Field(default=80.0, gt=0)
    rho: float = Field(default=7.0, gt=0)
    sigma_first: float | None = None
    sigma_data: float = Field(default=SIGMA_DATA, ge=SIGMA_DATA, le=SIGMA_DATA)
    autoencoder: AutoencoderConfig
    text_encoder: TextEncoderConfig
    student: DiTConfig
    teacher: DiTConfig | None = None

    @model_validator(mode="after")
    def _ranges_are_ordered(self) -> "ModelConfig":
        if self.sigma_min >= self.sigma_max:
            raise ValueError(f"sigma_min {self.sigma_min} must be below sigma_max {self.sigma_max}")
        if self.sigma_first is not None and not self.sigma_min < self.sigma_first < self.sigma_max:
            raise ValueError(f"sigma_first {self.sigma_first} must lie between sigma_min and sigma_max")
        if self.seconds > self.max_seconds:
            raise ValueError(f"seconds {self.seconds} must not exceed max_seconds {self.max_seconds}")
        return self

    @classmethod
    def read(cls, path: Path) -> "ModelConfig":
        """Parse a file; errors name the first wrong key and what was expected."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError as error:
            raise UserError(f"{path.parent} is not a model folder: it has no config.json") from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"]) or "the file"
            reason = "is not a known key" if first["type"] == "extra_forbidden" else f"is wrong: {first['msg']}"
            raise UserError(f"{path}: {key} {reason}; see docs/architecture.md for the accepted keys") from error
