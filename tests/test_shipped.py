"""The model inside the package."""

import numpy as np
import pytest

from soundctm import SoundCTM
from soundctm.folder import SHIPPED


def test_the_weights_fit_their_budget() -> None:
    parts = ("autoencoder", "text_encoder", "student")
    assert sum((SHIPPED / "mini" / f"{name}.safetensors").stat().st_size for name in parts) < 20_000_000


def test_it_comes_with_a_model_card() -> None:
    card = (SHIPPED / "mini" / "README.md").read_text().lower()
    assert all(word in card for word in ("licence", "esc", "train", "limits"))


@pytest.mark.slow
def test_it_makes_five_seconds_of_sound() -> None:
    clip = SoundCTM.from_pretrained("mini").generate("heavy rain on a tin roof", seed=7)[0]
    assert clip.samples.shape == (1, 220500) and clip.sample_rate == 44100
    assert np.isfinite(clip.samples).all() and clip.samples.std() > 1e-3
