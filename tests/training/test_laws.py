"""Laws of training: draws, weights, averages, distances, and a loop that goes on where it stopped."""

import math
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from soundctm.backbones import DiT, DiTConfig
from soundctm.conditioning import Conditioning
from soundctm.training.data.dataset import DROP_WORD, SENTENCE_ONLY, leave_out_words
from soundctm.training.data.recordings import STATIONARY, Recording, fit_length, vary
from soundctm.training.distances import feature_distance
from soundctm.training.draws import grid_formula, jump_times, log_normal, student_dsm_times, training_grid
from soundctm.training.ema import EMA
from soundctm.training.loop import Loop, NonFiniteLoss, cosine_rate
from soundctm.training.losses import SpectralDistance, energy_distance
from soundctm.training.student import Distillation, StudentTraining, adaptive_backward
from soundctm.training.teacher import dsm_loss


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tiny(role: str) -> DiT:
    torch.manual_seed(1)
    model = DiT(
        DiTConfig(
            role=role, channels=4, width=16, depth=2, heads=2, context_dim=8, kv_heads=2, patch=2, qk_norm=True,
            time_conditioning="adaln", jump_embedding="separate", pooled_context=True, fourier_features=8, rope_dims=4,
        )  # type: ignore[arg-type]
    )  # fmt: skip
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model


def text(batch: int) -> Conditioning:
    return Conditioning(torch.randn(batch, 3, 8, generator=rng(5)), torch.ones(batch, 3, dtype=torch.bool))


def test_noise_levels_are_log_normal() -> None:
    sigma = log_normal(5000, -0.4, 1.4, rng())
    assert stats.kstest((sigma.log() + 0.4).numpy() / 1.4, "norm").pvalue > 0.01


def test_student_levels_are_half_and_half() -> None:
    sigma = student_dsm_times(4000, -1.2, 1.2, rng())
    assert stats.kstest((sigma[:2000].log() + 1.2).numpy() / 1.2, "norm").pvalue > 0.01
    high, low = 80 ** (1 / 7), 0.002 ** (1 / 7)
    position = (sigma[2000:] ** (1 / 7) - high) / (low - high)
    assert stats.kstest(position.numpy(), "uniform", args=(0, 0.7)).pvalue > 0.01


def test_the_formula_meets_the_grid() -> None:
    assert torch.allclose(grid_formula(torch.linspace(0, 1, 40)), training_grid(40, 0.002, 80.0, 7.0), rtol=1e-4)


@pytest.mark.parametrize("steps", [1, 7, 38])
def test_jump_times_are_ordered_and_even(steps: int) -> None:
    t, u, s = jump_times(20_000, steps, 40, rng())
    assert torch.equal(u, t + steps) and bool((s >= u).all()) and int(t.min()) == 0 and int(s.max()) == 39
    assert stats.chisquare(np.bincount(t.numpy(), minlength=40 - steps)).pvalue > 0.001
    with pytest.raises(ValueError, match="solver steps"):
        jump_times(2, 40, 40, rng())


def test_words_are_left_out_but_never_the_sentence() -> None:
    whole = Conditioning(torch.zeros(4000, 5, 2), torch.ones(4000, 5, dtype=torch.bool))
    whole.mask[:, 4] = False
    mask = leave_out_words(whole, np.random.default_rng(0)).mask
    assert bool(mask[:, 0].all()) and not bool(mask[:, 4].any())
    assert abs(float(mask[:, 1:4].float().mean()) - (1 - SENTENCE_ONLY) * (1 - DROP_WORD)) < 0.02


def test_dsm_weight_is_the_papers() -> None:
    sigma, error = torch.tensor([0.1, 1.0, 10.0]), torch.ones(3, 2, 4)
    weight = (sigma**2 + 0.25) / (sigma * 0.5) ** 2
    assert torch.allclose(dsm_loss(error, torch.zeros_like(error), sigma), weight.mean())


def test_ema_closed_form() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    ema = EMA(module, 0.9)
    nn.init.ones_(module.weight)
    for _ in range(10):
        ema.update(module)
    (average,) = ema.module.parameters()
    assert math.isclose(float(average), 1 - 0.9**10, rel_tol=1e-5)
    with pytest.raises(ValueError, match="outside"):
        EMA(module, 1.0)


def test_feature_distance_is_a_distance_with_a_gradient() -> None:
    teacher = tiny("teacher").requires_grad_(False)
    a, b = (torch.randn(3, 4, 6, generator=rng(i)) for i in (1, 2))
    t = torch.tensor([0.1, 1.0, 10.0])
    estimate = b.clone().requires_grad_(True)
    d = feature_distance(teacher, a, estimate, t, text(3))
    d.sum().backward()
    assert d.shape == (3,) and bool((d > 0).all()) and estimate.grad is not None and bool(estimate.grad.abs().sum() > 0)
    assert float(feature_distance(teacher, a, a, t, text(3)).abs().max()) < 1e-9
    assert torch.allclose(d, feature_distance(teacher, b, a, t, text(3)), rtol=1e-4)


def test_adaptive_weight_is_the_ratio_of_gradients() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(3, 3)
    x = torch.randn(5, 3)
    z_est = layer(x)
    ctm, dsm = z_est.square().mean(), (layer(2 * x) - 1).square().mean()
    expected_ctm = torch.autograd.grad(layer(x).square().mean(), layer.weight)[0]
    expected_dsm = torch.autograd.grad((layer(2 * x) - 1).square().mean(), layer.weight)[0]
    weight = adaptive_backward(ctm, dsm, z_est, layer.weight)
    assert math.isclose(weight, float(expected_ctm.norm() / expected_dsm.norm()), rel_tol=1e-5)
    assert layer.weight.grad is not None
    assert torch.allclose(layer.weight.grad, expected_ctm + weight * expected_dsm, rtol=1e-4, atol=1e-6)


def test_distillation_targets_and_losses_are_finite() -> None:
    teacher, student = tiny("teacher"), tiny("student")
    student.load_teacher(teacher)
    run = Distillation(student, teacher, text(1), StudentTraining(batch=2, max_solver_steps=3))
    ctm, dsm, z_est = run.losses(torch.randn(2, 4, 6, generator=rng()), text(2), rng(3))
    assert bool(torch.isfinite(ctm) and torch.isfinite(dsm)) and z_est.shape == (2, 4, 6)
    counts = {run.solver_steps(rng(i)) for i in range(60)}
    assert counts == {1, 2, 3}


def test_energy_distance_prefers_the_right_spread() -> None:
    distance = SpectralDistance(44100, (256, 512))
    target = torch.randn(24, 4096, generator=rng(0))
    draws = [torch.randn(24, 4096, generator=rng(i)) for i in (1, 2)]
    faithful = energy_distance(distance, target, *draws).mean()
    same = energy_distance(distance, target, draws[0], draws[0]).mean()
    louder = energy_distance(distance, target, 2 * draws[0], 2 * draws[1]).mean()
    assert faithful < same and faithful < louder


def test_varied_recordings_keep_their_length(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "x.ogg", next(iter(STATIONARY)), ("x",), False)
    x = np.sin(np.arange(60_000) / 20).astype(np.float32)
    clips = [vary(recording, x, np.random.default_rng(i), 50_000) for i in range(3)]
    assert all(len(clip) == 50_000 and np.abs(clip).max() <= 1.0 for clip in clips)
    assert len(fit_length(x, 70_000)) == 70_000 and fit_length(x, 70_000)[60_000:].max() == 0


def run_loop(out: Path, stop_after: int) -> list[float]:
    """Losses of so many steps of a small regression whose batches come from the global random state."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    losses: list[float] = []
    loop = Loop({"model": model, "optimizer": optimizer}, out, minutes=10)

    def step(index: int, progress: float) -> dict[str, float]:
        loss = (model(torch.randn(8, 4)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if len(losses) == stop_after:
            signal.raise_signal(signal.SIGTERM)
        return {"loss": loss.item()}

    assert loop.run(step) is False
    return losses


def test_an_interrupted_loop_goes_on_bit_for_bit(tmp_path: Path) -> None:
    head, tail = run_loop(tmp_path / "a", 5), run_loop(tmp_path / "a", 5)
    assert head + tail == run_loop(tmp_path / "b", 10)
    assert not list(tmp_path.rglob("*.partial"))


def test_a_non_finite_loss_stops(tmp_path: Path) -> None:
    loop = Loop({}, tmp_path, minutes=10)
    with pytest.raises(NonFiniteLoss, match="step 0"):
        loop.run(lambda index, progress: {"loss": math.nan})


def test_learning_rate_rises_then_falls() -> None:
    values = [cosine_rate(p) for p in np.linspace(0, 1, 101)]
    assert values[0] < 0.1 and max(values) > 0.99 and math.isclose(values[-1], 0.02, abs_tol=1e-6)
    assert int(np.argmax(values)) <= 3
