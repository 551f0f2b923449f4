"""The paper's kind of model in tiny sizes: one text token from a CLAP, a DAC, time as a token. Random weights."""

from soundctm.autoencoder import DACConfig
from soundctm.backbones import DiTConfig
from soundctm.benchmark.subjects import random_model
from soundctm.conditioning.clap import ClapTextConfig
from soundctm.config import ModelConfig
from soundctm.model import SoundCTM
from tests.oracles.folder import stirred

DAC = DACConfig(
    sample_rate=8000, encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=6
)
STUDENT = DiTConfig(
    role="student", channels=6, width=32, depth=2, heads=2, context_dim=16, kv_heads=1, fourier_features=16, rope_dims=8
)
CLAP = ClapTextConfig(
    variant="projected", vocab_size=60, hidden_size=16, layers=1, heads=2, intermediate_size=32, positions=90,
    joint_dim=16,
)  # fmt: skip
CONFIG = ModelConfig(
    name="tiny paper", seconds=0.25, max_seconds=0.5, omega=5.0, autoencoder=DAC, text_encoder=CLAP, student=STUDENT
)


def tiny_paper_model() -> SoundCTM:
    """With noise on every weight, so that every input is heard."""
    model = random_model(CONFIG)
    for seed, part in enumerate((model.student, model.autoencoder, model.text_encoder)):
        stirred(part, seed)
    return model
