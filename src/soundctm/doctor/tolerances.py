"""How far from its reference a computation may be before something is wrong."""

from dataclasses import dataclass

from soundctm.audio.recipe import Precision


@dataclass(frozen=True)
class Tolerance:
    """``latents`` and ``samples``: root mean square of the difference over that of the reference; ``bands``: root mean
    square of differences of octave levels in dB."""

    latents: float
    bands: float
    samples: float

    @property
    def words(self) -> str:
        """``0.0001, 0.01 dB, 0.002``."""
        return f"{self.latents:g}, {self.bands:g} dB, {self.samples:g}"


# Measured with the shipped model against float64 on an AVX-512 CPU; latents over five prompts, two seeds and the three
# golden courses (and 16 steps, which are never worse), the decoder over six half seconds. The factors below leave room
# for kernels that add in another order.
#
# float32: latents err by up to 1.6e-6. What other machines change most is the sinusoid of 1000 omega: where its rates
#   differ in the last bit, as exp() does between libraries, latents move by 1.1e-5; allowed is ten times that. Samples
#   err by 3e-5 and levels by 5e-5 dB; latents that are moved by 1e-5 move them by 2e-4 and 4e-4 dB.
# tf32 (operands of all products rounded to 10 bits): latents 2.0e-3, levels 0.15 dB.
# bfloat16 (operands rounded, or autocast): latents 2.4e-2, levels 0.9 dB.
# int8 (rows of weights and of inputs rounded to 8 bits): latents 5.4e-2. The decoder keeps float32 or bfloat16.
#   Of each of these three, about three times as much is allowed, and twice the levels. The engines, which keep some
#   layers in float32, stay below: on the golden courses of mini they err by 1.1e-2 in bfloat16, by
#   4.8e-2 in int8, and in that of ONNX Runtime, which has one digit throughout, by 6.0e-2.
#
# Samples of the coarse three say little: a sinusoid's phase is a running sum over frames, and a rounded frequency turns
# it on and on, up to 0.4 after half a second, though the sound stays the same. Sounds that have nothing in common are
# 1.4 apart, and silence is 1 away: 0.7 says that it is still the same waveform.
TOLERANCES: dict[Precision, Tolerance] = {
    "float32": Tolerance(latents=1e-4, bands=0.01, samples=2e-3),
    "tf32": Tolerance(latents=6e-3, bands=0.4, samples=0.7),
    "bfloat16": Tolerance(latents=7e-2, bands=2.0, samples=0.7),
    "int8": Tolerance(latents=0.15, bands=2.0, samples=0.7),
}
