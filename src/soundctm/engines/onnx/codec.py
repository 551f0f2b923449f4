"""Autoencoders as two graphs. White noise is an input, so that a decoder is a pure function."""

from typing import Any

import torch
from torch import Tensor, nn

from soundctm.autoencoder.dac import GaussianDAC
from soundctm.autoencoder.istft import SpectralAutoencoder
from soundctm.engines.onnx.graph import Graph, Outputs, Port, Sizes, energy_error, peak_error, trials
from soundctm.engines.onnx.spectral import SpectralDecoder, SpectralEncoder

LENGTHS = (1, 4, 11)


class DacEncoder(nn.Module):
    """:meth:`GaussianDAC.encode` as mean and log variance."""

    def __init__(self, codec: GaussianDAC) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.codec.encode(x)
        return posterior.mean, posterior.logvar


class DacDecoder(nn.Module):
    """:meth:`GaussianDAC.decode`."""

    def __init__(self, codec: GaussianDAC) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, z: Tensor) -> Tensor:
        return self.codec.decode(z)


def codec_graphs(codec: nn.Module) -> tuple[Graph, Graph]:
    """The graphs ``encoder`` and ``decoder``. Raises ValueError for a class that is not known."""
    return encoder_graph(codec), decoder_graph(codec)


def encoder_graph(codec: nn.Module) -> Graph:
    """Waveform ``[B, 1, T hop]`` to mean and log variance of its latents."""
    known: Any = _known(codec)
    module: nn.Module = SpectralEncoder(known) if isinstance(codec, SpectralAutoencoder) else DacEncoder(known)
    latents = ("batch", known.channels, "frames")

    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        return (0.1 * torch.randn(sizes["batch"], 1, sizes["frames"] * known.hop, generator=generator),)

    def reference(x: Tensor) -> Outputs:
        posterior = known.encode(x)
        return posterior.mean, posterior.logvar

    return Graph(
        "encoder", module, (Port("x", ("batch", 1, f"{known.hop}*frames"), "waveform, filled up to whole frames"),),
        (Port("mean", latents, "latents"), Port("logvar", latents, "log variance of the latents")),
        draw, reference, trials("frames", LENGTHS), peak_error, 1e-4,
    )  # fmt: skip


def decoder_graph(codec: nn.Module) -> Graph:
    """Raw latents, and white noise where the decoder draws on it, to a waveform ``[B, 1, T hop]``."""
    known: Any = _known(codec)
    noisy = isinstance(codec, SpectralAutoencoder)
    samples = f"{known.hop}*frames"
    inputs = [Port("z", ("batch", known.channels, "frames"), "raw latents")]
    if noisy:
        inputs.append(Port("noise", ("batch", samples), "white noise of unit variance"))

    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        """Latents of noises, which are on the scale of the codec."""
        shape = (sizes["batch"], sizes["frames"] * known.hop)
        z = known.encode(0.1 * torch.randn(shape, generator=generator)[:, None]).mean
        return (z, torch.randn(shape, generator=generator)) if noisy else (z,)

    def reference(z: Tensor, noise: Tensor | None = None) -> Outputs:
        if noise is None:
            return (known.decode(z),)
        return (known.synthesise(*known.features(z), noise)[:, None],)

    # A bin between two peaks may go with the other one by a last bit: single samples then differ, their energy hardly.
    return Graph(
        "decoder", SpectralDecoder(known) if noisy else DacDecoder(known), tuple(inputs),
        (Port("waveform", ("batch", 1, samples), "-1 to 1"),), draw, reference, trials("frames", LENGTHS), energy_error,
        1e-3 if noisy else 1e-4,
    )  # fmt: skip


def _known(codec: nn.Module) -> nn.Module:
    if not isinstance(codec, SpectralAutoencoder | GaussianDAC):
        raise ValueError(f"codec graphs: {type(codec).__name__} is neither SpectralAutoencoder nor GaussianDAC")
    return codec
