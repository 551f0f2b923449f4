"""Laws of the mel filters."""

import numpy as np
import pytest

from soundctm.audio.mel import mel_filters, slaney_filters, to_mel


def test_filters_partition_the_band() -> None:
    filters = mel_filters(1025, 40, 44100, 100.0, 20000.0)
    f = np.linspace(0, 22050, 1025)
    centres = 700 * (10 ** (np.linspace(to_mel(100.0), to_mel(20000.0), 42)[1:-1] / 2595) - 1)
    inside = (f >= centres[0]) & (f <= centres[-1])
    assert np.allclose(filters.sum(0)[inside], 1, atol=1e-5)
    assert (filters[:, f > 20000] == 0).all() and (filters[:, f < 100] == 0).all()


def test_a_thousand_hertz_is_about_a_thousand_mel() -> None:
    assert abs(float(to_mel(1000.0)) - 1000) < 1


def slaney_mel(f: np.ndarray) -> np.ndarray:
    """Hertz to Slaney's mel: 3 per 200 Hz up to 1 kHz, above it 27 for every factor of 6.4."""
    return np.where(f < 1000, 3 * f / 200, 15 + 27 * np.log(np.maximum(f, 1) / 1000) / np.log(6.4))


def test_slaney_filters_have_unit_area() -> None:
    filters = slaney_filters(220_501, 64, 44100)
    assert np.allclose(filters.sum(1, dtype=np.float64) * 0.1, 1, rtol=1e-3)


def test_slaney_centres_are_even_in_mel_with_a_break_at_a_kilohertz() -> None:
    centres = slaney_filters(220_501, 64, 44100).argmax(1) * 0.1
    assert np.allclose(np.diff(slaney_mel(centres)), slaney_mel(np.array([22050.0]))[0] / 65, atol=5e-3)
    low, high = centres[centres < 1000], centres[centres > 1000]
    assert len(low) > 5 and np.ptp(np.diff(low)) < 0.5  # even in Hz below
    assert np.ptp(high[1:] / high[:-1]) < 1e-3  # a constant ratio above


def test_slaney_filters_are_those_of_another_library() -> None:
    audio_utils = pytest.importorskip("transformers.audio_utils")
    for n_fft, mels, rate in ((2048, 320, 44100), (512, 80, 44100), (64, 10, 16000)):
        other = audio_utils.mel_filter_bank(
            n_fft // 2 + 1, mels, 0.0, rate / 2, rate, norm="slaney", mel_scale="slaney"
        )
        assert np.allclose(slaney_filters(n_fft // 2 + 1, mels, rate), other.T, rtol=1e-4, atol=1e-9)


def test_slaney_filters_below_the_break_are_linear() -> None:
    centres = slaney_filters(9001, 8, 1800).argmax(1) * 0.1
    assert np.allclose(np.diff(centres), 100, atol=0.2)
