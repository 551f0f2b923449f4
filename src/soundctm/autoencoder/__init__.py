"""Waveform <-> latents."""

from soundctm.autoencoder.dac import DACConfig, GaussianDAC
from soundctm.autoencoder.istft import SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.autoencoder.posterior import Posterior

__all__ = ["DACConfig", "GaussianDAC", "Normalizer", "Posterior", "SpectralAutoencoder", "SpectralConfig"]
