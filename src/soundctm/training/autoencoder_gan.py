"""Goes on with the embedded model's decoder against discriminators.

The codec, which encodes, stays as it is to the last bit, so that latents made with it stay valid. The decoder draws
noise, so two draws are decoded for every crop: reconstruction and feature matching are generalised energy distances,
which leave the spread of textures alone, where plain distances would take it away.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors.torch import load_file
from torch import Tensor

from soundctm.autoencoder.istft import SpectralAutoencoder, SpectralConfig
from soundctm.errors import UserError
from soundctm.folder import ROW_SCALE, read_tensors
from soundctm.training.autoencoder_objective import AutoencoderLossWeights, AutoencoderObjective
from soundctm.training.checkpoint import Stateful
from soundctm.training.data.waveforms import Crops, WaveformSource
from soundctm.training.discriminators import DiscriminatorConfig, Discriminators
from soundctm.training.draws import generator_of
from soundctm.training.loop import Loop, cosine_rate
from soundctm.training.losses import SpectralDistance
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.parts import write_part
from soundctm.training.precision import Precision
from soundctm.training.reporters import Figures
from soundctm.training.trainee import Trainee
from soundctm.training.world import World

NAME = "autoencoder"
AVERAGE = "decoder"


class GanConfig(BaseModel):
    """Everything that the fine-tuning depends on; sizes are for minutes on a few CPU cores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    discriminators: DiscriminatorConfig = DiscriminatorConfig(period_widths=(8, 32, 64, 128, 128), band_width=16)
    weights: AutoencoderLossWeights = AutoencoderLossWeights(reconstruction=15.0)
    optimizer: OptimizerConfig = OptimizerConfig(name="adamw", learning_rate=2e-4, betas=(0.8, 0.95), clip=10.0)
    discriminator_optimizer: OptimizerConfig = OptimizerConfig(
        name="adamw", learning_rate=4e-4, betas=(0.8, 0.95), clip=10.0
    )
    batch: int = Field(default=8, gt=0)
    crop_frames: int = Field(default=20, gt=0)  # latent frames, about half a second
    lead: float = Field(default=0.04, ge=0, lt=1)  # share of the budget in which the discriminators learn alone
    average: float = Field(default=0.995, ge=0, lt=1)
    precision: Precision = "bf16"  # of the discriminators
    seed: int = Field(default=0, ge=0)


def read_start(folder: Path) -> SpectralAutoencoder:
    """The trained autoencoder of a folder, its decoder ready to train."""
    try:
        config = SpectralConfig.model_validate_json((folder / f"{NAME}.json").read_bytes())
        autoencoder = SpectralAutoencoder(config)
        tensors = read_tensors(folder / f"{NAME}.safetensors")
        autoencoder.load_state_dict({k: v for k, v in tensors.items() if not k.startswith("normalizer.")})
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{folder} holds no trained spectral autoencoder ({reason}); train one first") from error
    return autoencoder


def write_decoder(autoencoder: SpectralAutoencoder, start: Path, out: Path) -> None:
    """``out/autoencoder.safetensors``: the decoder in half precision, everything else as it is stored in ``start``."""
    trained = {name: value.detach().cpu().half() for name, value in autoencoder.named_parameters()}
    stored = load_file(start / f"{NAME}.safetensors")
    kept = {name: value for name, value in stored.items() if name.removesuffix(ROW_SCALE) not in trained}
    write_part(kept | trained, autoencoder.config, out, NAME)


class GanTraining:
    """Networks, optimisers and the step of the fine-tuning."""

    def __init__(
        self, autoencoder: SpectralAutoencoder, source: WaveformSource, config: GanConfig, world: World
    ) -> None:  # fmt: skip
        if source.sample_rate != autoencoder.sample_rate:
            raise UserError(
                f"the sounds have {source.sample_rate} Hz, the autoencoder is for {autoencoder.sample_rate} Hz; "
                "prepare the data at that rate"
            )
        self.autoencoder, self.source, self.config, self.world = autoencoder, source, config, world
        torch.manual_seed(config.seed)
        discriminators = Discriminators(config.discriminators)
        self.decoder = Trainee(autoencoder, config.optimizer, world, averages={AVERAGE: (config.average, True)})
        self.critics = Trainee(discriminators, config.discriminator_optimizer, world)
        self.parts: Mapping[str, Stateful] = {"decoder": self.decoder, "discriminators": self.critics}
        distance = SpectralDistance(autoencoder.sample_rate).to(world.device)
        self.objective = AutoencoderObjective(config.weights, distance, discriminators, precision=config.precision)

    def draws(self, x: Tensor, index: int) -> tuple[Tensor, Tensor]:
        """Two decodings ``[B, length]`` of the latents of ``x [B, length]``, each with its own noise, which is a
        function of seed and step alone."""
        with torch.no_grad():
            z = self.autoencoder.encode(x[:, None]).mean
        h, bands = self.autoencoder.features(z)
        noise = torch.randn(2, *x.shape, generator=generator_of(self.config.seed, index)).to(x.device)
        return self.autoencoder.synthesise(h, bands, noise[0]), self.autoencoder.synthesise(h, bands, noise[1])

    def step(self, index: int, progress: float) -> Figures:
        """First the discriminators learn, then, past the lead, the decoder against them."""
        length = self.config.crop_frames * self.autoencoder.hop
        x = self.source.crops(index, self.config.batch, length).to(self.world.device)
        past = (progress - self.config.lead) / (1 - self.config.lead)
        with torch.set_grad_enabled(past >= 0):
            first, second = self.draws(x, index)
        judged = self.objective.discriminator(x, first)
        judged["discriminator"].backward()
        figures = {"discriminator_grad": self.critics.update(cosine_rate(progress))}
        if past >= 0:
            losses = self.objective.generator(x, first, second=second)
            losses["total"].backward()
            figures["grad"] = self.decoder.update(cosine_rate(past))
            judged |= losses
        return figures | {name: float(value.detach()) for name, value in judged.items()}

    def write(self, start: Path, out: Path) -> None:
        """Write the averaged decoder with the codec of ``start``."""
        averaged = self.decoder.averages[AVERAGE].module
        assert isinstance(averaged, SpectralAutoencoder)
        write_decoder(averaged, start, out)


def train(
    source: WaveformSource, start: Path, out: Path, config: GanConfig, minutes: float | None = None, *,
    steps: int | None = None, device: str = "cpu",
) -> bool:  # fmt: skip
    """Fine-tune the decoder of ``start``; writes ``out/autoencoder.safetensors`` and ``autoencoder.json`` when the
    budget, ``minutes`` or ``steps``, is spent. False when interrupted; the same call then goes on."""
    if start.resolve() == out.resolve():
        raise UserError(f"--start and --out are both {start}; choose another --out, the start is kept")
    training = GanTraining(read_start(start), source, config, World(device=torch.device(device)))
    loop = Loop(training.parts, out, minutes, steps=steps, settings=config.model_dump(mode="json"))
    finished = loop.run(training.step)
    if finished:
        training.write(start, out)
    return finished


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache")
    parser.add_argument("--start", type=Path, required=True, help="folder of soundctm.training.autoencoder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    chosen = GanConfig()
    source = Crops.of(arguments.data, chosen.seed)
    train(source, arguments.start, arguments.out, chosen, arguments.minutes, device=arguments.device)
