"""What an autoencoder and its discriminators minimise."""

from typing import Any, Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from soundctm.autoencoder.posterior import Posterior
from soundctm.training.adversarial import discriminator_loss, energy, feature_matching, features_apart, generator_loss
from soundctm.training.discriminators import Discriminators, Judgement
from soundctm.training.freezing import frozen
from soundctm.training.kl import gaussian_kl
from soundctm.training.precision import Precision, arithmetic


class AutoencoderLossWeights(BaseModel):
    """Weights of the generator's losses; the defaults are the paper's (appendix D.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reconstruction: float = Field(default=15.0, ge=0)
    feature_matching: float = Field(default=2.0, ge=0)
    adversarial: float = Field(default=1.0, ge=0)
    kl: float = Field(default=1e-5, ge=0)


class Reconstruction(Protocol):
    """A distance of waveforms by their spectra: ``between(spectra(x), spectra(x_hat))`` is ``[B]``."""

    def spectra(self, x: Tensor) -> Any: ...

    def between(self, a: Any, b: Any) -> Tensor: ...


class AutoencoderObjective:
    """Losses of an autoencoder (the generator) and of its discriminators, from waveforms ``[B, length]``.

    ``network`` is what the discriminators' own loss calls: the same module, wrapped where training runs on many
    devices. ``precision`` is the arithmetic of the discriminators' layers; every spectrum and every loss is float32.
    """

    def __init__(
        self, weights: AutoencoderLossWeights, reconstruction: Reconstruction, discriminators: Discriminators,
        network: nn.Module | None = None, precision: Precision = "fp32",
    ) -> None:  # fmt: skip
        self.weights, self.reconstruction, self.precision = weights, reconstruction, precision
        self.discriminators = discriminators
        self.network = discriminators if network is None else network

    def generator(
        self, x: Tensor, x_hat: Tensor, posterior: Posterior | None = None, second: Tensor | None = None
    ) -> dict[str, Tensor]:
        """``total``, and before weighting ``reconstruction``, ``feature_matching``, ``adversarial`` and ``kl``.

        ``posterior`` is the encoder's Gaussian; None, for a frozen encoder, makes KL 0. ``second`` is another
        independent draw of a decoder that draws noise: reconstruction and feature matching are then generalised energy
        distances. The discriminators' parameters get no gradients.
        """
        fakes = [x_hat] if second is None else [x_hat, second]
        terms = {"reconstruction": self._reconstruction(x, fakes)}
        if self.weights.feature_matching or self.weights.adversarial:
            terms |= self._judged(x, fakes)
        if posterior is not None:
            terms["kl"] = gaussian_kl(posterior)
        zero = x.new_zeros(())
        named = {name: terms.get(name, zero) for name in AutoencoderLossWeights.model_fields}
        weighted = [getattr(self.weights, name) * value for name, value in named.items()]
        return {"total": torch.stack(weighted).sum(), **named}

    def discriminator(self, x: Tensor, x_hat: Tensor) -> dict[str, Tensor]:
        """``discriminator``, the loss; ``real`` and ``fake``, the mean logits. No gradient reaches the generator.

        Both batches are judged in one pass, so that a wrapper for many devices sees one forward per backward.
        """
        both = self._judge(self.network, torch.cat([x, x_hat.detach()]))
        real, fake = self._split(both, [len(x), len(x_hat)])
        return {
            "discriminator": discriminator_loss(real, fake),
            "real": torch.stack([j.logits.detach().float().mean() for j in real]).mean(),
            "fake": torch.stack([j.logits.detach().float().mean() for j in fake]).mean(),
        }

    def _reconstruction(self, x: Tensor, fakes: list[Tensor]) -> Tensor:
        distance, spectra = self.reconstruction.between, self.reconstruction.spectra
        target, *drawn = (spectra(each) for each in (x, *fakes))
        return (distance(target, *drawn) if len(drawn) == 1 else energy(distance, target, *drawn)).mean()

    def _judged(self, x: Tensor, fakes: list[Tensor]) -> dict[str, Tensor]:
        with torch.no_grad():
            real = self._judge(self.discriminators, x)
        with frozen(self.discriminators):
            fake = self._judge(self.discriminators, torch.cat(fakes))
        drawn = self._split(fake, [len(each) for each in fakes])
        matching = feature_matching(real, drawn[0]) if len(drawn) == 1 else energy(features_apart, real, *drawn)
        return {"feature_matching": matching, "adversarial": generator_loss(fake)}

    def _judge(self, network: nn.Module, x: Tensor) -> list[Judgement]:
        with arithmetic(self.precision, x.device.type):
            judgements: list[Judgement] = network(x)
        return judgements

    @staticmethod
    def _split(judgements: list[Judgement], sizes: list[int]) -> list[list[Judgement]]:
        """One list of judgements per group of the batch."""
        return [list(group) for group in zip(*(j.split(sizes) for j in judgements), strict=True)]
