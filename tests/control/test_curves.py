"""Curves read known sounds, equal their definitions, and have true gradients."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter
from torch import Tensor

from soundctm.audio.target import Feature
from soundctm.control.curves import CURVES, FLOOR_DB, Curve, curve_times, level
from soundctm.control.frames import power_spectrum
from soundctm.control.savgol import savgol
from tests.oracles.curves import FEATURES, RATE, harmonic, noise, read, seconds, sine, wave

# Intensity


@pytest.mark.parametrize("n", [1, 2, 3, 4, 50, 100, 101, 102, 400])
def test_savgol_is_scipys(n: int) -> None:
    y = torch.from_numpy(np.random.default_rng(n).standard_normal((2, n)))
    window = min(101, n if n % 2 else n - 1)
    expected = savgol_filter(y.numpy(), window, min(2, window - 1), mode="interp")
    assert np.allclose(savgol(y, 101, 2).numpy(), expected, atol=1e-12)


def test_intensity_is_the_smoothed_level() -> None:
    x = noise(2.0) * torch.linspace(0.01, 1, 2 * RATE)
    framed = [x[0, 0, m * 160 - 320 : m * 160 + 320].double() for m in range(2, 199)]
    plain = np.asarray([20 * math.log10(frame.square().mean().sqrt()) for frame in framed])
    expected = savgol_filter(np.pad(plain, 2, mode="edge"), 101, 2, mode="interp")
    assert np.allclose(read("intensity", x)[0].numpy(), expected, atol=0.01)


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 0.003])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_sine_reads_its_level_from_the_first_frame_to_the_last(amplitude: float, rate: int) -> None:
    x, expected = sine(500, amplitude, rate=rate), 20 * math.log10(amplitude / math.sqrt(2))
    assert (read("intensity", x, rate) - expected).abs().max() < 0.02
    assert (read("band", x, rate) - expected).abs().max() < 0.02


def test_smoothing_keeps_a_parabola_of_decibels() -> None:
    t = seconds(2.0)
    shape = -50 + 30 * (1 - (t - 1) ** 2)
    x = wave(np.sqrt(2) * 10 ** (shape / 20) * np.sin(2 * np.pi * 1000 * t))
    expected = -50 + 30 * (1 - (curve_times(2 * RATE, RATE) - 1) ** 2)
    error = np.abs(read("intensity", x)[0].numpy() - expected)
    assert error.max() < 0.25 and error[35:-35].max() < 0.05  # a moving average is off by 2.5 dB at the top


# Spectrum


@pytest.mark.parametrize("hertz", [60.0, 440.0, 3333.0])
def test_brightness_of_a_sine_is_its_frequency(hertz: float) -> None:
    assert (read("brightness", sine(hertz)) / hertz - 1).abs().max() < 0.002


def test_brightness_weighs_by_power() -> None:
    x = sine(500, 0.3) + sine(2000, 0.1)
    assert (read("brightness", x) - (0.9 * 500 + 0.1 * 2000)).abs().max() < 5


def test_brightness_of_white_noise_is_half_of_nyquist() -> None:
    assert abs(read("brightness", noise(2.0)).mean() - RATE / 4) < 0.02 * RATE / 4


def test_a_band_hears_only_what_is_inside() -> None:
    curve = CURVES["band"]
    outside = sine(100, 0.5) + sine(2000, 0.5)
    assert curve(outside, RATE, 300, 900).max() < -70
    assert (curve(outside + sine(600, 0.1), RATE, 300, 900) - 20 * math.log10(0.1 / math.sqrt(2))).abs().max() < 0.05


def test_bands_side_by_side_add_up_to_the_whole() -> None:
    x, curve = noise().double(), CURVES["band"]
    parts = [10 ** (curve(x, RATE, low, high) / 10) - 1e-8 for low, high in ((0, 333), (333, 334), (334, 8000))]
    assert torch.allclose(sum(parts), power_spectrum(x, RATE, 0.1).sum(-1), rtol=1e-6)


# Onsets


def peaks(curve: Tensor) -> list[float]:
    """Centres in seconds of the stretches above one half."""
    high = np.flatnonzero(curve[0].numpy() > 0.5)
    return [float(group.mean() * 0.01) for group in np.split(high, np.flatnonzero(np.diff(high) > 1) + 1) if len(group)]


@pytest.mark.parametrize("event", ["click", "burst", "tone"])
@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_onsets_are_where_events_begin(event: str, gain: float) -> None:
    x, starts, t = 1e-4 * np.random.default_rng(0).standard_normal(2 * RATE), [0.3, 0.75, 1.5], seconds(0.3)
    sounds = {
        "click": (t == 0) * 1.0,
        "burst": 0.5 * np.exp(-t / 0.03) * np.random.default_rng(1).standard_normal(len(t)),
        "tone": 0.5 * np.exp(-t / 0.05) * np.sin(2 * np.pi * 440 * t),
    }
    for start in starts:
        x[round(start * RATE) : round((start + 0.3) * RATE)] += sounds[event]
    curve = read("onsets", wave(gain * x))
    assert np.allclose(peaks(curve), starts, atol=0.0125)
    assert curve.max() <= 1 and all(curve[0, round(100 * start)] > 0.8 for start in starts)
    wide = (curve > curve.max() / 2).sum() / len(starts)
    assert 3 <= wide <= 7


def test_nothing_begins_in_steady_sounds_and_where_sounds_end() -> None:
    quiet = noise(2.0, 1e-4)
    faded = sine(440, length=2.0) * ((RATE - torch.arange(2 * RATE)) / (0.02 * RATE)).clamp(0, 1)  # ends at 1 s
    assert read("onsets", sine(440)).max() < 1e-3
    assert read("onsets", noise(4.0)).max() < 0.25 and read("onsets", noise(4.0)).mean() < 0.06
    assert read("onsets", faded + quiet)[:, 90:].max() < 0.25


# Laws of every curve


@pytest.mark.parametrize("feature", FEATURES)
def test_gradients_are_those_of_finite_differences(feature: Feature) -> None:
    generator = torch.Generator().manual_seed(3)
    x = (harmonic(180, range(1, 6)) + noise(amplitude=0.02))[..., :4000].double() * torch.linspace(0.2, 1, 4000)
    x, direction = x.requires_grad_(), torch.randn(x.shape, generator=generator, dtype=torch.float64)
    weights = torch.randn(len(curve_times(4000, RATE)), generator=generator, dtype=torch.float64)
    loss = lambda y: (read(feature, y)[0] * weights).sum()
    (gradient,) = torch.autograd.grad(loss(x), x)
    step = 1e-7
    with torch.no_grad():
        numeric = (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)
    assert abs(numeric) > 1e-6
    assert math.isclose(float((gradient * direction).sum()), float(numeric), rel_tol=1e-4)


@pytest.mark.parametrize("feature", FEATURES)
def test_items_of_a_batch_never_touch(feature: Feature) -> None:
    parts = [noise(), sine(300), torch.zeros(1, 1, RATE // 2)]
    together = read(feature, torch.cat(parts))
    for i, part in enumerate(parts):
        assert torch.allclose(together[i : i + 1], read(feature, part), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("sound", ["silence", "half silent", "one sample", "full scale"])
def test_values_and_gradients_are_finite(feature: Feature, sound: str) -> None:
    x = torch.zeros(1, 1, RATE // 2)
    if sound == "half silent":
        x[..., RATE // 4 :] = noise(0.25)
    elif sound == "one sample":
        x[..., 3000] = 1e-20
    elif sound == "full scale":
        x[..., ::2] = 1.0
    x.requires_grad_()
    curve = CURVES[feature].compare(read(feature, x))
    curve.square().sum().backward()
    assert curve.isfinite().all() and x.grad is not None and x.grad.isfinite().all()


def test_silence_reads_the_floor() -> None:
    silence = torch.zeros(1, 1, RATE)
    assert torch.allclose(read("intensity", silence), torch.tensor(FLOOR_DB))
    assert torch.allclose(read("band", silence), torch.tensor(FLOOR_DB))
    assert torch.equal(level(silence, RATE), torch.full((1, 101), FLOOR_DB))
    assert torch.allclose(read("brightness", silence), torch.tensor(1000.0))
    assert read("onsets", silence).max() == 0


@pytest.mark.parametrize("feature", FEATURES)
def test_following_the_gradient_reaches_a_target(feature: Feature) -> None:
    """What the curves are for: a few steps down the loss bring a sound nearer to what is asked of it."""
    wanted = {"intensity": -30.0, "brightness": 1500.0, "band": -30.0, "onsets": 0.5, "pitch": 190.0}[feature]
    x, curve = (harmonic(180, range(1, 8)) + noise(amplitude=0.02)).requires_grad_(), CURVES[feature]
    optimiser, losses = torch.optim.Adam([x], lr=3e-3), []
    for _ in range(40):
        error = (curve.compare(read(feature, x)) - curve.compare(torch.tensor(wanted))) / curve.scale
        losses.append(float(error.detach().square().mean()))
        optimiser.zero_grad()
        error.square().mean().backward()
        optimiser.step()
    assert losses[-1] < 0.5 * losses[0]


def test_comparison_is_in_octaves_for_hertz_and_safe_at_zero() -> None:
    for feature, curve in CURVES.items():
        value = torch.tensor([0.0, 100.0, 200.0])
        step = curve.compare(value)
        assert step.isfinite().all()
        assert float(step[2] - step[1]) == pytest.approx(1.0 if feature in ("brightness", "pitch") else 100.0)


@pytest.mark.parametrize(
    ("curve", "edges"),
    [(CURVES["band"], (None, None)), (CURVES["band"], (100.0, None)), (CURVES["pitch"], (100.0, 200.0))],
)
def test_edges_belong_to_bands(curve: Curve, edges: tuple[float | None, float | None]) -> None:
    with pytest.raises(ValueError, match="a band needs both, every other feature neither"):
        curve(noise(), RATE, *edges)
