"""Laws of the spectral autoencoder: perfect reconstruction, bands, shapes, determinism."""

import math

import numpy as np
import pytest
import torch

from soundctm.autoencoder import Normalizer, SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.spectral import band_edges, band_matrix, bin_interpolation, istft, stft
from soundctm.training.codec import fit_basis, latent_scale
from tests.oracles import spectral as oracle

TINY = SpectralConfig(n_fft=256, frame_hop=64, bands=24, channels=8, width=16, depth=1)
WINDOW = torch.hann_window(2048)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_synthesis_inverts_analysis() -> None:
    x = torch.randn(2, 512 * 20, generator=rng())
    assert torch.allclose(istft(stft(x, 2048, 512, WINDOW), 2048, 512, WINDOW), x, atol=1e-5)


@pytest.mark.parametrize(("bins", "bands"), [(1025, 160), (129, 24), (1025, 64)])
def test_bands_partition_the_bins(bins: int, bands: int) -> None:
    edges = band_edges(bins, bands)
    assert len(edges) == bands + 1 and edges[0] == 0 and edges[-1] == bins
    assert (np.diff(edges) >= 1).all()
    matrix = band_matrix(edges)
    assert torch.allclose(matrix.sum(1), torch.ones(bands)) and int((matrix > 0).sum()) == bins


def test_interpolation_keeps_a_line() -> None:
    edges = band_edges(129, 24)
    lower, share = bin_interpolation(edges)
    centres = torch.from_numpy(0.5 * (edges[:-1] + edges[1:] - 1)).float()
    line = centres[lower] * (1 - share) + centres[lower + 1] * share
    inside = (torch.arange(129) >= centres[0]) & (torch.arange(129) <= centres[-1])
    assert torch.allclose(line[inside], torch.arange(129.0)[inside], atol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("hop", [16, 20, 64])
def test_synthesis_is_least_squares_overlap_add(frames: int, hop: int) -> None:
    spectrum = torch.randn(2, 33, frames, dtype=torch.complex128, generator=rng())
    window = torch.hann_window(64, dtype=torch.float64)
    expected = oracle.istft(spectrum.transpose(1, 2), 64, hop, window)
    assert torch.allclose(istft(spectrum, 64, hop, window), expected, atol=1e-9)


def test_shapes_padding_and_posterior() -> None:
    model = SpectralAutoencoder(TINY)
    posterior = model.encode(torch.randn(2, 1, 1000, generator=rng()))
    assert model.hop == 128 and posterior.mean.shape == (2, 8, 8)
    assert torch.equal(posterior.mode, posterior.mean) and bool((posterior.logvar == -30).all())
    assert model.decode(posterior.mean).shape == (2, 1, 1024)


def test_decoding_depends_on_own_seed_alone() -> None:
    model = SpectralAutoencoder(TINY).eval()
    z = torch.randn(3, 8, 6, generator=rng())
    with torch.inference_mode():
        together = model.decode(z, seed=[4, 5, 6])
        alone = model.decode(z[1:2], seed=5)
        other = model.decode(z[1:2], seed=7)
    assert torch.equal(together[1:2], alone)
    assert not torch.allclose(alone, other, atol=1e-3)
    with pytest.raises(ValueError, match="2 seeds for a batch of 3"):
        model.decode(z, seed=[1, 2])


def test_fitted_basis_is_the_principal_one() -> None:
    model = SpectralAutoencoder(TINY)
    waveforms = [torch.randn(4, 128 * 40, generator=rng(i)) * torch.rand(4, 1, generator=rng(9 + i)) for i in range(3)]
    spread = fit_basis(model, waveforms)
    assert torch.allclose(model.basis @ model.basis.T, torch.eye(8), atol=1e-4)
    assert bool((spread[:-1] >= spread[1:]).all())
    latents = torch.cat([model.encode(x[:, None]).mean.transpose(1, 2).reshape(-1, 8) for x in waveforms])
    assert torch.allclose(latents.std(0), spread, rtol=0.02)
    normal = Normalizer(torch.zeros(8), latent_scale(spread)).normalize(latents.T[None])
    assert math.isclose(float(normal.square().mean().sqrt()), 0.5, rel_tol=0.02)
