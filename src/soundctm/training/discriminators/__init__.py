"""Discriminators of waveforms, after the Descript Audio Codec (Kumar et al. 2023)."""

from soundctm.training.discriminators.ensemble import DiscriminatorConfig, Discriminators
from soundctm.training.discriminators.judgement import Judgement

__all__ = ["DiscriminatorConfig", "Discriminators", "Judgement"]
