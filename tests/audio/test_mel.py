"""Laws of the mel filters."""

import numpy as np

from soundctm.audio.mel import mel_filters, to_mel


def test_filters_partition_the_band() -> None:
    filters = mel_filters(1025, 40, 44100, 100.0, 20000.0)
    f = np.linspace(0, 22050, 1025)
    centres = 700 * (10 ** (np.linspace(to_mel(100.0), to_mel(20000.0), 42)[1:-1] / 2595) - 1)
    inside = (f >= centres[0]) & (f <= centres[-1])
    assert np.allclose(filters.sum(0)[inside], 1, atol=1e-5)
    assert (filters[:, f > 20000] == 0).all() and (filters[:, f < 100] == 0).all()


def test_a_thousand_hertz_is_about_a_thousand_mel() -> None:
    assert abs(float(to_mel(1000.0)) - 1000) < 1
