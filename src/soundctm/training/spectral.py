"""Trains the decoder of the spectral autoencoder, on spectral distances alone or against discriminators too.

The codec, which encodes, is fitted or taken from another training, and stays as it is. The decoder draws noise, so two
draws are decoded for every crop: reconstruction and feature matching are generalised energy distances, which leave the
spread of textures alone, where plain distances would take it away.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from soundctm.autoencoder.istft import SpectralAutoencoder
from soundctm.errors import UserError
from soundctm.training.autoencoder_objective import AutoencoderObjective
from soundctm.training.autoencoder_task import before_and_after, check_rate, check_strategy, crop_report
from soundctm.training.checkpoint import Stateful
from soundctm.training.data.waveforms import WaveformSource
from soundctm.training.discriminators import Discriminators
from soundctm.training.draws import generator_of
from soundctm.training.loop import scheduled_rate
from soundctm.training.losses import SpectralDistance, energy_distance
from soundctm.training.parts import write_part
from soundctm.training.reporters import Figures
from soundctm.training.runner import RunOptions, run_and_write
from soundctm.training.spectral_config import Adversary, SpectralTraining
from soundctm.training.spectral_start import NAME, Beginning, fitted, taken_over
from soundctm.training.trainee import KEPT, Trainee
from soundctm.training.world import World


class TwoDraws(nn.Module):
    """A pass through an autoencoder as a module, so that it can be wrapped for many devices."""

    def __init__(self, autoencoder: SpectralAutoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Two decodings ``[2, B, length]`` of the latents of ``x [B, length]``, each with its own unit noise of
        ``noise [2, B, length]``."""
        with torch.no_grad():
            z = self.autoencoder.encode(x[:, None]).mean
        h, bands = self.autoencoder.features(z)
        return torch.stack([self.autoencoder.synthesise(h, bands, each) for each in noise])


class Critics:
    """The discriminators in training, and the losses on both sides."""

    def __init__(
        self, config: SpectralTraining, adversary: Adversary, distance: SpectralDistance, world: World
    ) -> None:
        module = Discriminators(adversary.discriminators)
        self.lead = adversary.lead
        self.trainee = Trainee(module, adversary.optimizer, world)
        self.objective = AutoencoderObjective(
            adversary.weights, distance, module, self.trainee.network, config.precision
        )


def check_training(config: SpectralTraining, source: WaveformSource, processes: int) -> None:
    """Raise UserError unless data, batch and number of processes fit one another."""
    check_rate(config.autoencoder.sample_rate, source)
    if config.batch % processes:
        raise UserError(f"a batch of {config.batch} does not divide among {processes} processes; change batch")


class SpectralTask:
    """Networks, optimisers and the step of the training, which a :class:`~soundctm.training.loop.Loop` runs."""

    def __init__(self, config: SpectralTraining, beginning: Beginning, source: WaveformSource, world: World) -> None:
        check_training(config, source, world.size)
        self.config, self.beginning, self.source, self.world = config, beginning, source, world
        self.identity = {"data": source.identity, **beginning.identity}
        torch.manual_seed(config.seed)
        module = TwoDraws(beginning.autoencoder)
        self.decoder = Trainee(module, config.optimizer, world, averages={KEPT: (config.ema, True)})
        self.distance = SpectralDistance(config.autoencoder.sample_rate).to(world.device)
        self.critics: Critics | None = None
        self.parts: dict[str, Stateful] = {"decoder": self.decoder}
        if config.adversary is not None:
            self.critics = Critics(config, config.adversary, self.distance, world)
            self.parts["discriminators"] = self.critics.trainee

    @property
    def averaged(self) -> SpectralAutoencoder:
        """The autoencoder with the averaged decoder, frozen."""
        module = self.decoder.averages[KEPT].module
        assert isinstance(module, TwoDraws)
        return module.autoencoder

    def batch(self, index: int) -> tuple[Tensor, Tensor]:
        """This process's rows of a step's batch: waveforms ``[b, length]`` and unit noise ``[2, b, length]``, functions
        of seed and step alone. The whole batch is the same whatever the number of processes."""
        config, rows = self.config, self.world.share(self.config.batch)
        x = self.source.crops(index, config.batch, config.length)
        noise = torch.randn(2, *x.shape, generator=generator_of(config.seed, index))
        return x[rows].to(self.world.device), noise[:, rows].to(self.world.device)

    def step(self, index: int, progress: float) -> Figures:
        """Where there are discriminators, first they learn; then, past their lead, the decoder. Figures are means over
        the whole batch."""
        lead = 0.0 if self.critics is None else self.critics.lead
        past = (progress - lead) / (1 - lead)
        x, noise = self.batch(index)
        with torch.set_grad_enabled(past >= 0):
            first, second = self.decoder.network(x, noise)
        figures: dict[str, Tensor] = {}
        norms: Figures = {}
        if self.critics is not None:
            figures |= self.critics.objective.discriminator(x, first)
            figures["discriminator"].backward()
            norms["discriminator_grad"] = self.critics.trainee.update(self._rate(progress))
        if past >= 0:
            loss, terms = self._loss(x, first, second)
            loss.backward()
            norms["grad"] = self.decoder.update(self._rate(past))
            figures |= terms
        return {name: float(self.world.mean(value.detach())) for name, value in figures.items()} | norms

    def _rate(self, progress: float) -> float:
        """The learning rates' factor."""
        return scheduled_rate(self.config.schedule, progress, self.config.warmup)

    def _loss(self, x: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """What the decoder minimises, and its terms by name."""
        if self.critics is None:
            distance = energy_distance(self.distance, x, first, second).mean()
            return distance, {"reconstruction": distance}
        terms = self.critics.objective.generator(x, first, second=second)
        return terms["total"], terms

    def inspect(self, index: int) -> Mapping[str, Any]:
        """Peak, level and flaws of every crop of a step."""
        return crop_report(self.source.crops(index, self.config.batch, self.config.length))

    def listen(self) -> dict[str, tuple[np.ndarray, int]]:
        """Some sounds ``[length]`` before and after the autoencoder, with the sample rate, by name."""
        return before_and_after(self.averaged, self.source, self.world.device)

    def write(self, out: Path) -> None:
        """``autoencoder.safetensors``, the averaged decoder in half precision and everything else as it is kept, and
        ``autoencoder.json``, the sizes."""
        if not self.world.first:
            return
        decoder = {name: value.detach().cpu().half() for name, value in self.averaged.named_parameters()}
        write_part(self.beginning.kept | decoder, self.config.autoencoder, out, NAME)


def train(
    config: SpectralTraining, source: WaveformSource, options: RunOptions, world: World | None = None,
    start: Path | None = None,
) -> bool:  # fmt: skip
    """Train until the budget is spent, over all runs together, then write ``out/autoencoder.safetensors`` and
    ``autoencoder.json``. False when interrupted; with ``options.resume`` the same call then goes on.

    With ``start``, the folder of a trained spectral autoencoder, the codec is taken from it byte for byte and the
    decoder goes on from its weights; ``start`` is only read. Without it the codec is fitted first.
    """
    world = world or World()
    check_strategy(options)
    check_training(config, source, world.size)
    if start is None:
        beginning = fitted(config, source, options.out, options.resume, world)
    elif start.resolve() == options.out.resolve():
        raise UserError(f"--start and --out are both {start}; choose another --out, the start is kept")
    else:
        beginning = taken_over(start, config.autoencoder)
    task = SpectralTask(config, beginning, source, world)
    return run_and_write(task, options, task.listen, lambda: task.write(options.out))
