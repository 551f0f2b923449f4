"""Curves read known sounds, equal their definitions, and have true gradients."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter
from torch import Tensor

from soundctm.audio.target import Feature
from soundctm.control.curves import CURVES, FLOOR_DB, Curve, curve_times, level
from soundctm.control.frames import frames, power_spectrum
from soundctm.control.pitch import voiced
from soundctm.control.savgol import savgol

RATE = 16000
EDGES: dict[str, tuple[float, float]] = {"band": (300.0, 900.0)}
FEATURES = list(CURVES)


def read(feature: Feature, x: Tensor, rate: int = RATE) -> Tensor:
    return CURVES[feature](x, rate, *EDGES.get(feature, ()))


def seconds(length: float, rate: int = RATE) -> np.ndarray:
    return np.arange(round(length * rate)) / rate


def wave(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(samples, dtype=np.float32))[None, None]


def sine(hertz: float, amplitude: float = 0.5, length: float = 0.5, rate: int = RATE) -> Tensor:
    return wave(amplitude * np.sin(2 * np.pi * hertz * seconds(length, rate) + 0.3))


def noise(length: float = 0.5, amplitude: float = 0.1, seed: int = 0) -> Tensor:
    return wave(amplitude * np.random.default_rng(seed).standard_normal(round(length * RATE)))


def harmonic(hertz: float, partials: range, rate: int = RATE) -> Tensor:
    t = seconds(0.5, rate)
    return wave(0.1 * sum(np.sin(2 * np.pi * hertz * h * t + h) / h for h in partials if hertz * h < rate / 2))


# Frames


@pytest.mark.parametrize(
    ("length", "rate"), [(16000, 16000), (16001, 16000), (7999, 8000), (44100, 44100), (5000, 22050)]
)
def test_every_curve_has_a_value_every_ten_milliseconds(length: int, rate: int) -> None:
    times = curve_times(length, rate)
    x = 0.1 * torch.randn(2, 1, length, generator=torch.Generator().manual_seed(0))
    assert times[0] == 0 and times[-1] * rate <= length < (times[-1] + 0.0101) * rate
    assert np.allclose(np.diff(times), 0.01, atol=3e-5)
    for feature in FEATURES:
        assert read(feature, x, rate).shape == (2, len(times))


def test_frames_are_centred_and_held_at_the_ends() -> None:
    x = torch.arange(16000.0)[None, None]
    framed = frames(x, RATE, 0.04)
    assert framed.shape == (1, 101, 640)
    assert torch.equal(framed[0, 50], torch.arange(50 * 160 - 320, 50 * 160 + 320))
    assert torch.equal(framed[0, 0], framed[0, 2]) and torch.equal(framed[0, 2], torch.arange(640))
    assert torch.equal(framed[0, 100], framed[0, 98]) and torch.equal(framed[0, 98], torch.arange(15360, 16000))


@pytest.mark.parametrize("shape", [(1, 2, 16000), (1, 16000), (1, 1, 639)])
def test_frames_refuse_stereo_and_what_is_too_short(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \[B, 1, length\] with a length from 640 up"):
        frames(torch.zeros(shape), RATE, 0.04)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000])
@pytest.mark.parametrize("more", [0, 1, 2, 55, 110, 111, 221, 882])
def test_a_sound_of_hardly_more_than_a_frame_has_all_its_frames(rate: int, more: int) -> None:
    """A tenth of a second is a frame at every rate, and each frame is made of neighbours in the sound."""
    shortest = 2 * round(rate * 0.1 / 2)
    length = shortest + more
    assert shortest <= round(0.1 * rate)
    framed = frames(torch.arange(float(length))[None, None], rate, 0.1)
    centres = np.arange(len(curve_times(length, rate))) * round(rate * 0.01)
    wanted = centres - shortest // 2
    whole = wanted[(wanted >= 0) & (wanted + shortest <= length)]
    starts = wanted.clip(whole[0], whole[-1]) if len(whole) else np.full_like(wanted, more)  # else the last there is
    assert framed.shape == (1, len(centres), shortest)
    assert np.array_equal(framed[0].numpy(), starts[:, None] + np.arange(shortest))


@pytest.mark.parametrize("rate", [11025, 22050])
@pytest.mark.parametrize("feature", FEATURES)
def test_a_tenth_of_a_second_has_every_curve(rate: int, feature: Feature) -> None:
    x = sine(1000.0, length=0.1, rate=rate)
    values = read(feature, x, rate)
    assert values.shape == (1, x.shape[-1] // round(rate * 0.01) + 1) and torch.isfinite(values).all()
    assert feature != "brightness" or (values - 1000).abs().max() < 20


def test_power_spectrum_obeys_parseval() -> None:
    x = noise(0.2).double()
    window = torch.hann_window(640, dtype=torch.float64)
    expected = (frames(x, RATE, 0.04) * window).square().sum(-1) / window.square().sum()
    assert torch.allclose(power_spectrum(x, RATE, 0.04).sum(-1), expected, rtol=1e-12)


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


# Pitch


@pytest.mark.parametrize("hertz", [60.0, 97.0, 220.0, 441.0, 1234.0, 2000.0])
def test_pitch_of_known_tones(hertz: float) -> None:
    for x, cents in ((sine(hertz, rate=44100), 33), (harmonic(hertz, range(1, 15), 44100), 10)):
        assert (1200 * torch.log2(read("pitch", x, 44100) / hertz)).abs().max() < cents
        assert voiced(x, 44100).all()


def test_pitch_of_a_missing_fundamental_and_in_noise() -> None:
    bare, noisy = harmonic(200, range(2, 10)), harmonic(200, range(1, 10)) + noise(amplitude=0.01)
    assert (1200 * torch.log2(read("pitch", bare) / 200)).abs().max() < 20
    assert (1200 * torch.log2(read("pitch", noisy) / 200)).abs().max() < 30


def test_pitch_follows_a_glide() -> None:
    t = seconds(1.0)
    x = wave(0.3 * np.sign(np.sin(2 * np.pi * 200 * (2**t - 1) / math.log(2))))
    expected = 200 * 2 ** curve_times(RATE, RATE)
    assert np.abs(12 * np.log2(read("pitch", x)[0].numpy() / expected))[6:-6].max() < 0.3


def test_noise_and_silence_have_no_pitch() -> None:
    brown = wave(np.cumsum(np.random.default_rng(0).standard_normal(2 * RATE)) / 1000)
    assert voiced(brown, RATE).float().mean() < 0.05
    assert not voiced(noise(2.0), RATE).any() and not voiced(torch.zeros(1, 1, RATE), RATE).any()
    assert (read("pitch", torch.zeros(1, 1, RATE)) - 346.8).abs().max() < 1


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
