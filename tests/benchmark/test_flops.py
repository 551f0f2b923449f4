"""Counted operations: the issue's figures of the official sizes, and by hand for small ones."""

import pytest

from soundctm.autoencoder import DACConfig
from soundctm.backbones import DiTConfig
from soundctm.benchmark.flops import Flops, count, count_decoder, count_step, count_text
from soundctm.benchmark.subjects import PAPER_FRAMES, paper_config
from soundctm.conditioning.clap import ClapTextConfig
from tests.oracles.folder import SPECTRAL, STUDENT, TEXT

GIGA = 1e9


@pytest.fixture(scope="module")
def official() -> Flops:
    return count(paper_config(), PAPER_FRAMES, 77, 1)


@pytest.mark.parametrize(
    ("part", "expected"), [("plain_step", 910.6), ("step", 812.4), ("decoder", 800.3), ("text", 13.3)]
)
def test_the_official_model_at_ten_seconds(official: Flops, part: str, expected: float) -> None:
    assert getattr(official, part) / GIGA == pytest.approx(expected, rel=1e-3)


def test_both_versions_of_the_text_cost_the_same_to_read() -> None:
    first, second = (count_text(ClapTextConfig(variant=v), 0) for v in ("projected", "pooled"))
    assert first / second == pytest.approx(1.0, rel=1e-3)
    wide = count_step(DiTConfig(role="student", context_dim=768, depth=2), 100, 1)
    assert wide == count_step(DiTConfig(role="student", context_dim=512, depth=2), 100, 1)


def by_hand(config: DiTConfig, frames: int, tokens: int) -> int:
    """Multiply-adds of a step whose text is prepared."""
    n, w = -(-frames // config.patch), config.width
    channels, inside = config.channels, config.channels * config.patch
    mlp = config.fourier_features * w + w * w
    cross = 0 if tokens == 1 else 2 * n * w * w + 2 * n * tokens * w
    block = 4 * n * w * w + 2 * n * n * w + 3 * config.ff_mult * n * w * w + cross
    levels = 2 * mlp + 2 * w * w + 6 * w * w + 2 * w * w  # t and s, omega, modulations, head
    ends = 2 * n * inside * w + channels * channels * (frames + frames)
    return 2 * (config.depth * block + levels + ends)


@pytest.mark.parametrize("frames", [16, 30])
@pytest.mark.parametrize("tokens", [1, 6])
def test_a_small_student_by_hand(frames: int, tokens: int) -> None:
    assert count_step(STUDENT, frames, tokens) == by_hand(STUDENT, frames, tokens)


def test_work_of_both_paths(official: Flops) -> None:
    ours, naive = official.ours(4, 2), official.naive(4, 2)
    assert ours == {"text": official.text, "sampler": 8 * official.step, "decoder": 2 * official.decoder}
    assert naive["text"] == 8 * official.text
    assert naive["sampler"] == 16 * official.plain_step and naive["decoder"] == ours["decoder"]


def test_a_decoder_costs_as_much_a_frame_as_any_other() -> None:
    config = DACConfig(decoder_dim=64)
    assert count_decoder(config, 40) == 2 * count_decoder(config, 20)


def test_a_spectral_decoder_by_hand() -> None:
    """Its matrix products and convolutions, however it is computed; Fourier transforms do not count."""
    c, frames = SPECTRAL, 10
    m, bins = c.stack * frames, c.n_fft // 2 + 1
    basis = c.channels * c.bands * c.stack * frames
    embed = m * c.kernel * c.bands * c.width
    blocks = c.depth * m * (c.kernel * c.width + 2 * c.mult * c.width**2)
    heads = m * c.width * (bins + 2 * bins + 3 * c.bands + 1)
    assert count_decoder(c, frames) == 2 * (basis + embed + blocks + heads)


def test_a_longer_text_costs_more() -> None:
    assert count_text(TEXT, 4) < count_text(TEXT, 8) < 3 * count_text(TEXT, 4)
