"""Laws of the discriminators: shapes, periods, bands, levels."""

import pytest
import torch
import torch.nn.functional as F

from soundctm.training.discriminators import DiscriminatorConfig, Discriminators
from soundctm.training.discriminators.bands import BandDiscriminator, band_slices
from soundctm.training.discriminators.ensemble import centred
from soundctm.training.discriminators.period import PeriodDiscriminator
from soundctm.training.precision import arithmetic

TINY = DiscriminatorConfig(
    periods=(2, 3, 5), period_widths=(4, 8), windows=(256, 128), band_edges=(0.0, 0.3, 1.0), band_width=4
)


def noise(batch: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(batch, length, generator=torch.Generator().manual_seed(seed))


def tiny() -> Discriminators:
    torch.manual_seed(0)
    return Discriminators(TINY)


@pytest.mark.parametrize("length", [1024, 1237, 2001])
def test_every_length_is_judged(length: int) -> None:
    judgements = tiny()(noise(2, length))
    assert len(judgements) == 5
    for judgement, period in zip(judgements, TINY.periods, strict=False):
        samples = -(-length // period)
        steps = -(-samples // 3)  # one layer strides by 3
        assert judgement.logits.shape == (2, period, 1, steps)
        assert [f.shape for f in judgement.features] == [(2, period, width, steps) for width in TINY.period_widths]
    for judgement, window in zip(judgements[3:], TINY.windows, strict=True):
        assert len(judgement.features) == 2 * 5  # bands times layers
        assert judgement.logits.shape[:3] == (2, 1, -(-length // (window // 4)))
        assert all(f.shape[:3] == (2, 4, judgement.logits.shape[2]) for f in judgement.features)


def test_a_channel_axis_changes_nothing() -> None:
    network, x = tiny(), noise(2, 1001)
    for a, b in zip(network(x), network(x[:, None]), strict=True):
        assert torch.equal(a.logits, b.logits)


def test_level_and_offset_are_not_judged() -> None:
    network, x = tiny(), noise(2, 1000)
    for a, b in zip(network(x), network(0.05 * x + 0.2), strict=True):
        assert torch.allclose(a.logits, b.logits, atol=1e-4)
    assert torch.allclose(centred(x).abs().amax(-1), torch.tensor(0.8))
    assert torch.equal(centred(torch.zeros(1, 10)), torch.zeros(1, 10))


def test_silence_has_finite_gradients() -> None:
    x = torch.zeros(1, 1000, requires_grad=True)
    torch.stack([judgement.logits.sum() for judgement in tiny()(x)]).sum().backward()
    assert x.grad is not None and bool(x.grad.isfinite().all())


def test_sequences_are_every_nth_sample() -> None:
    x = noise(2, 100)
    sequences = PeriodDiscriminator(3, (4,)).sequences(x)
    assert sequences.shape == (6, 1, 34)
    for r in range(3):
        assert torch.equal(sequences[3 + r, 0, :33], x[1, r::3][:33])
    assert torch.equal(sequences[4, 0, 33], x[1, 98])  # reflected: sample 100 is sample 98


def test_the_published_form_of_a_period_discriminator() -> None:
    """Two-dimensional convolutions of kernels (5, 1) over samples a period apart give the same numbers."""
    torch.manual_seed(0)
    network, x = PeriodDiscriminator(5, (4, 8, 8)), noise(2, 1003)
    h = F.pad(x[:, None], (0, 2), mode="reflect").reshape(2, 1, -1, 5)
    for layer, stride in zip(network.layers, (3, 3, 1), strict=True):
        h = F.leaky_relu(F.conv2d(h, layer.weight[..., None], layer.bias, (stride, 1), (2, 0)), 0.1)
    h = F.conv2d(h, network.judge.weight[..., None], network.judge.bias, 1, (1, 0))  # [B, 1, steps, period]
    assert torch.allclose(network(x).logits, h.permute(0, 3, 1, 2), atol=1e-5)


def test_a_band_sees_its_own_bins_alone() -> None:
    """A tone above the lower band's edge leaves the lower band's features as silence does."""
    torch.manual_seed(0)
    network = BandDiscriminator(256, (0.0, 0.3, 1.0), 4)
    tone = torch.sin(2 * torch.pi * 100 / 256 * torch.arange(2048))[None]
    loud, silent = network(tone), network(torch.zeros_like(tone))
    inside = slice(8, -8)  # frames that the tone fills
    apart = [(a - b)[:, :, inside].abs().max() for a, b in zip(loud.features, silent.features, strict=True)]
    assert all(low < 1e-3 * high for low, high in zip(apart[:5], apart[5:], strict=True))


def test_spectra_of_noise_have_unit_power() -> None:
    spectrum = BandDiscriminator(256, (0.0, 1.0), 4).spectrum(noise(4, 40_000))
    power = spectrum.square().sum(1)[:, 4:-4, 1:-1]
    assert spectrum.shape == (4, 2, 625, 129) and abs(float(power.mean()) - 1) < 0.02


@pytest.mark.parametrize("bins", [1025, 513, 257])
def test_bands_are_neighbours_that_cover_all_bins(bins: int) -> None:
    slices = band_slices(bins, DiscriminatorConfig().band_edges)
    assert [i for part in slices for i in range(bins)[part]] == list(range(bins))


def test_impossible_bands_are_errors() -> None:
    with pytest.raises(ValueError, match="do not rise from 0 to 1"):
        band_slices(129, (0.0, 0.5, 0.4, 1.0))
    with pytest.raises(ValueError, match="leave 0 to a band"):
        band_slices(5, (0.0, 0.01, 1.0))


def test_judgements_split_into_groups() -> None:
    network = tiny()
    x, y = noise(2, 1000, 1), noise(1, 1000, 2)
    for both, a, b in zip(network(torch.cat([x, y])), network(x), network(y), strict=True):
        first, second = both.split([2, 1])
        assert torch.allclose(first.logits, a.logits, atol=1e-5) and torch.allclose(second.logits, b.logits, atol=1e-5)
        for whole, part in zip(second.features, b.features, strict=True):
            assert torch.allclose(whole, part, atol=1e-5)


def test_gradients_in_bf16_are_those_in_float32_at_the_fewest_bins() -> None:
    """Taps of a kernel that meet no bin would get uninitialised gradients from the CPU's bfloat16 convolution."""
    torch.manual_seed(0)
    network, x = BandDiscriminator(32, (0.0, 1.0), 4), 0.1 * noise(8, 1024)
    found: list[list[torch.Tensor]] = []
    for precision in ("fp32", "bf16"):
        network.zero_grad()
        with arithmetic(precision):  # type: ignore[arg-type]
            logits = network(x).logits
        (1 - logits.float()).square().mean().backward()
        found.append([p.grad.clone() for p in network.parameters() if p.grad is not None])
    assert all(float((a - b).norm()) < 0.3 * float(a.norm()) + 1e-4 for a, b in zip(*found, strict=True))
