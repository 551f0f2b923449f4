"""Trains the paper's autoencoder, the Gaussian DAC, against discriminators (appendix D.2; Kumar et al. 2023)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from soundctm.autoencoder.dac import GaussianDAC
from soundctm.autoencoder.posterior import Posterior
from soundctm.errors import UserError
from soundctm.training.autoencoder_config import AutoencoderTraining
from soundctm.training.autoencoder_objective import AutoencoderObjective
from soundctm.training.autoencoder_task import before_and_after, check_rate, check_strategy, crop_report
from soundctm.training.checkpoint import Stateful
from soundctm.training.data.waveforms import WaveformSource
from soundctm.training.discriminators import Discriminators
from soundctm.training.draws import generator_of
from soundctm.training.latent_statistics import latent_statistics
from soundctm.training.mel_loss import MelLoss
from soundctm.training.parts import write_part
from soundctm.training.precision import arithmetic
from soundctm.training.reporters import Figures
from soundctm.training.runner import RunOptions, run_and_write
from soundctm.training.task import unsynchronised
from soundctm.training.trainee import Trainee
from soundctm.training.weight_norm import folded_state, normalise_weights
from soundctm.training.world import World


class Autoencoding(nn.Module):
    """One pass through an autoencoder as a module, so that it can be wrapped for many devices."""

    def __init__(self, autoencoder: GaussianDAC) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of ``x [B, length]`` and unit noise ``eps [B, C, T]``: the decoded draw of the posterior ``[B, length]``, and
        the posterior's mean and log variance ``[B, C, T]``, all float32. ``length`` is ``T * hop``."""
        posterior = self.autoencoder.encode(x[:, None])
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        x_hat = self.autoencoder.decode(mean + torch.exp(0.5 * logvar) * eps)
        return x_hat[:, 0].float(), mean, logvar


@dataclass(frozen=True)
class Decoded:
    """Waveforms ``x`` and what the autoencoder makes of them, ``x_hat``, both ``[b, length]``."""

    x: Tensor
    x_hat: Tensor
    posterior: Posterior


class AutoencoderTask:
    """Networks, optimisers and the step of the training, which a :class:`~soundctm.training.loop.Loop` runs."""

    def __init__(self, config: AutoencoderTraining, source: WaveformSource, world: World) -> None:
        sizes = config.autoencoder
        check_rate(sizes.sample_rate, source)
        if config.batch % (world.size * config.accumulate):
            raise UserError(
                f"a batch of {config.batch} does not divide into {config.accumulate} parts of {world.size} processes; "
                "change batch or accumulate"
            )
        self.config, self.source, self.world = config, source, world
        self.identity = {"data": source.identity}
        torch.manual_seed(config.seed)
        autoencoder, discriminators = GaussianDAC(sizes), Discriminators(config.discriminators)
        normalise_weights(autoencoder)
        self.generator = Trainee(Autoencoding(autoencoder), config.optimizer, world)
        self.critics = Trainee(discriminators, config.discriminator_optimizer, world)
        self.parts: Mapping[str, Stateful] = {"generator": self.generator, "discriminators": self.critics}
        mel = MelLoss(sizes.sample_rate, config.mel).to(world.device)
        self.objective = AutoencoderObjective(
            config.weights, mel, discriminators, self.critics.network, config.precision
        )

    @property
    def autoencoder(self) -> GaussianDAC:
        """A copy of the autoencoder as it stands, its weights folded, frozen."""
        module = self.generator.module
        assert isinstance(module, Autoencoding)
        with torch.device("meta"):  # draws no random numbers
            plain = GaussianDAC(self.config.autoencoder)
        plain.load_state_dict(folded_state(module.autoencoder), assign=True)
        return plain.requires_grad_(False).eval()

    def _parts(self, index: int) -> list[tuple[Tensor, Tensor]]:
        """This process's part of a step's batch, in ``accumulate`` parts: waveforms ``[b, length]`` and the posterior's
        unit noise ``[b, C, T]``. The whole batch is the same whatever the number of processes and parts."""
        config = self.config
        x = self.source.crops(index, config.batch, config.length)
        shape = (config.batch, config.autoencoder.latent_dim, config.crop_frames)
        eps = torch.randn(shape, generator=generator_of(config.seed, index))
        rows = self.world.share(config.batch)
        mine = (whole[rows].to(self.world.device).chunk(config.accumulate) for whole in (x, eps))
        return list(zip(*mine, strict=True))

    def _decoded(self, x: Tensor, eps: Tensor) -> Decoded:
        with arithmetic(self.config.precision, self.world.device.type):
            x_hat, mean, logvar = self.generator.network(x, eps)
        return Decoded(x, x_hat, Posterior(mean, logvar))

    def step(self, index: int, progress: float) -> Figures:
        """First the discriminators learn, then the autoencoder against them. ``progress`` changes nothing: the learning
        rates fall by the step. Figures are means over the whole batch."""
        rate = self.config.rate_decay**index
        parts = self._parts(index)
        # One pass through the autoencoder serves both; the graphs of several parts would not fit, so it runs again.
        kept = self._decoded(*parts[0]) if len(parts) == 1 else None
        sums: dict[str, Tensor] = {}
        for number, part in enumerate(parts, 1):
            with unsynchronised(self.critics.network, number == len(parts)):
                with torch.no_grad():
                    decoded = kept or self._decoded(*part)
                losses = self.objective.discriminator(decoded.x, decoded.x_hat)
                self._backward(losses, "discriminator", sums)
        norms = {"discriminator_grad": self.critics.update(rate)}
        for number, part in enumerate(parts, 1):
            with unsynchronised(self.generator.network, number == len(parts)):
                decoded = kept or self._decoded(*part)
                losses = self.objective.generator(decoded.x, decoded.x_hat, decoded.posterior)
                self._backward(losses, "total", sums)
        norms["grad"] = self.generator.update(rate)
        return {name: float(self.world.mean(value)) for name, value in sums.items()} | norms

    def _backward(self, losses: Mapping[str, Tensor], name: str, sums: dict[str, Tensor]) -> None:
        """Add the gradient of one part of a batch, and its figures to ``sums``."""
        (losses[name] / self.config.accumulate).backward()
        for key, value in losses.items():
            sums[key] = sums.get(key, 0.0) + value.detach() / self.config.accumulate

    def inspect(self, index: int) -> Mapping[str, Any]:
        """Peak, level and flaws of every crop of a step."""
        return crop_report(self.source.crops(index, self.config.batch, self.config.length))

    def listen(self) -> dict[str, tuple[np.ndarray, int]]:
        """Some sounds ``[length]`` before and after the autoencoder, with the sample rate, by name."""
        return before_and_after(self.autoencoder, self.source, self.world.device)

    def write(self, out: Path) -> None:
        """``autoencoder.safetensors``, weights and the latents' statistics ``[C]`` in full precision, and
        ``autoencoder.json``, the sizes."""
        if not self.world.first:
            return
        config, autoencoder = self.config, self.autoencoder
        batches = (
            self.source.crops(i, config.batch, config.length).to(self.world.device)
            for i in range(config.statistics_batches)
        )
        mean, std = latent_statistics(autoencoder, batches)
        tensors = {name: value.cpu() for name, value in autoencoder.state_dict().items()}
        statistics = {"normalizer.mean": mean, "normalizer.std": std}
        write_part(tensors | statistics, config.autoencoder, out, "autoencoder")


def train(config: AutoencoderTraining, source: WaveformSource, options: RunOptions, world: World | None = None) -> bool:
    """Train until the budget is spent, over all runs together, then write ``out/autoencoder.safetensors`` and
    ``autoencoder.json``. False when interrupted; with ``options.resume`` the same call then goes on."""
    world = world or World()
    check_strategy(options)
    task = AutoencoderTask(config, source, world)
    return run_and_write(task, options, task.listen, lambda: task.write(options.out))
