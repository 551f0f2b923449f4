"""The mixing law in closed form."""

import numpy as np
import pytest

from soundctm.training.data.mixing import FRAME, balance, join_captions, mix, pressure_level


def sine(amplitude: float, hertz: float = 500.0, length: int = 8 * FRAME) -> np.ndarray:
    """``[1, length]`` at 8 kHz."""
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(length) / 8000))[None].astype(np.float32)


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 0.003])
def test_level_of_a_sine_is_its_rms(amplitude: float) -> None:
    assert pressure_level(sine(amplitude)) == pytest.approx(20 * np.log10(amplitude / np.sqrt(2)), abs=0.02)


def test_padding_and_a_short_last_frame_change_no_level() -> None:
    x = sine(0.3)
    assert pressure_level(np.pad(x, ((0, 0), (0, 5 * FRAME)))) == pytest.approx(pressure_level(x), abs=1e-6)
    constant = np.full((1, FRAME + 100), 0.5, np.float32)
    constant[:, :FRAME] = 0
    assert pressure_level(constant) == pytest.approx(20 * np.log10(0.5), abs=1e-6)


def test_silence_has_the_lowest_level() -> None:
    assert pressure_level(np.zeros((1, 10), np.float32)) == -80.0


@pytest.mark.parametrize(("g_1", "g_2"), [(-10.0, -10.0), (-6.0, -40.0), (-60.0, -3.0)])
def test_both_parts_become_equally_loud(g_1: float, g_2: float) -> None:
    p = balance(g_1, g_2)
    assert p * 10 ** (g_1 / 20) == pytest.approx((1 - p) * 10 ** (g_2 / 20))
    assert balance(g_2, g_1) == pytest.approx(1 - p)


def test_mixture_of_two_sines() -> None:
    """Amplitudes a and b: p = b / (a + b), and each is heard at a b / sqrt(a^2 + b^2)."""
    a, b = 0.8, 0.1
    x, y = sine(a), sine(b, 1250.0)  # both whole numbers of periods in a frame
    mixed = mix(x, y)
    expected = (b * x + a * y) / np.hypot(a, b)
    assert mixed.dtype == np.float32
    assert mixed == pytest.approx(expected, abs=1e-5)
    for part, hertz in ((x, 500), (y, 1250)):
        amplitude = 2 * abs(np.mean(mixed * np.exp(-2j * np.pi * hertz * np.arange(x.shape[1]) / 8000)))
        assert amplitude == pytest.approx(a * b / np.hypot(a, b), rel=1e-4), part


def test_equal_levels_keep_the_power_of_independent_sounds() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.normal(0, 0.1, (1, 200 * FRAME)).astype(np.float32) for _ in range(2))
    assert np.mean(mix(x, y) ** 2) == pytest.approx(0.01, rel=0.03)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="same"):
        mix(np.ones((1, 5)), np.ones((1, 6)))
    with pytest.raises(ValueError, match="no samples"):
        pressure_level(np.ones((1, 0)))


def test_captions_are_joined() -> None:
    assert join_captions("rain falling.", "a dog barks") == "rain falling and a dog barks"
