"""How far latents are from a number of events: by their power alone, and by the sound that is made of them."""

import numpy as np
import pytest
import torch
from torch import Tensor

from soundctm.audio.events import counts_of_power, event_counts, miscounted
from soundctm.autoencoder import Normalizer, SpectralAutoencoder, SpectralConfig
from soundctm.control.codec import Codec
from soundctm.control.counted import NEAR, miscount
from tests.audio.test_events import bursts
from tests.oracles.linear import LinearAutoencoder, plain_codec

RATE, HOP = 44100, 1050
LOSSLESS = SpectralConfig(width=8, depth=1, channels=320)  # the embedded model's frames, all components kept


@pytest.fixture(scope="module")
def codec() -> Codec:
    torch.manual_seed(0)
    return Codec(SpectralAutoencoder(LOSSLESS), Normalizer(torch.zeros(320), torch.full((320,), 0.5)))


def heard(codec: Codec, x: np.ndarray, answer: np.ndarray, number: int, circle: bool = False) -> tuple[float, int]:
    """The share for latents of ``x`` whose waveform would be ``answer``, and how often that was asked for."""
    asked: list[Tensor] = []

    def waveform(z: Tensor) -> Tensor:
        asked.append(z)
        return torch.from_numpy(answer)[None, None]

    z = codec.encode(torch.from_numpy(x.astype(np.float32))[None, None])
    return float(miscount(codec, waveform, len(x), number, circle)(z)), len(asked)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_the_power_that_latents_have_counts_as_the_sound_does(codec: Codec, number: int) -> None:
    x = bursts([0.4 + 0.7 * i for i in range(number)])
    read = codec.power(codec.encode(torch.from_numpy(x.astype(np.float32))[None, None]), len(x))
    assert read is not None
    assert (
        counts_of_power(read[0].double().numpy(), read[1]).tolist() == event_counts(x, RATE).tolist() == [number] * 12
    )


def test_what_has_another_number_is_not_decoded(codec: Codec) -> None:
    three, four = bursts([0.5, 1.5, 2.5]), bursts([0.5, 1.5, 2.5, 3.5])
    assert heard(codec, three, three, 3) == (0.0, 1)
    assert heard(codec, three, four, 4) == (1.0, 0), "the answer is not asked for"
    assert heard(codec, three, four, 3) == (1.0, 1), "what is made of it decides as well"


def test_what_nearly_has_it_is_decoded_and_the_larger_share_counts(codec: Codec) -> None:
    sides = {False: 0, True: 0}
    clear = bursts([0.5, 1.5, 2.5])
    for level in np.arange(-40.0, -10.0, 0.5):
        x = bursts([0.5, 1.5, 2.5, 3.5], levels=[0.0, 0.0, 0.0, level])
        read = codec.power(codec.encode(torch.from_numpy(x.astype(np.float32))[None, None]), len(x))
        assert read is not None
        share = float(np.mean(counts_of_power(read[0].double().numpy(), read[1]) != 3))
        assert heard(codec, x, clear, 3) == (pytest.approx(share), int(share <= NEAR))
        sides[share <= NEAR] += 1
    assert min(sides.values()) > 5, sides


def test_a_circle_is_looked_at_as_one(codec: Codec) -> None:
    x = np.roll(bursts([0.3, 1.5, 2.7]), -round(0.32 * RATE))[: 5 * RATE // codec.hop * codec.hop]
    assert heard(codec, x, x, 3, circle=True) == (0.0, 1)
    assert heard(codec, x, x, 3)[0] > 0.0


def test_an_autoencoder_that_cannot_tell_is_heard_each_time() -> None:
    plain, x = plain_codec(LinearAutoencoder(HOP)), bursts([0.5, 1.5])
    for number in (2, 3):
        assert heard(plain, x, x, number) == (miscounted(x, plain.sample_rate, number), 1)


def test_no_device_is_asked_for_double_precision(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Mac's has none: power comes to the CPU first."""
    order: list[str] = []
    to_cpu, to_double = Tensor.cpu, Tensor.double
    monkeypatch.setattr(Tensor, "cpu", lambda self: order.append("cpu") or to_cpu(self))
    monkeypatch.setattr(Tensor, "double", lambda self: order.append("double") or to_double(self))
    x = bursts([0.5, 1.5])
    heard(codec, x, x, 2)
    assert order.index("cpu") < order.index("double")
