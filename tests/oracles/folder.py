"""A model folder of real parts in tiny sizes with random weights, for tests of everything around the weights."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn

from soundctm.autoencoder.istft import SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.backbones import DiT, DiTConfig
from soundctm.conditioning.mini import MiniTextConfig, MiniTextEncoder
from soundctm.config import ModelConfig
from soundctm.folder import Parts, write_parts

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "heavy", "rain", "thunder", "a", "bell", "three", "slow", "knocks", ",")
SPECTRAL = SpectralConfig(
    sample_rate=8000, n_fft=256, frame_hop=64, bands=16, stack=2, channels=8, width=16, depth=1, mult=2
)
TEXT = MiniTextConfig(
    vocabulary=len(WORDS), table_dim=8, dim=16, layers=1, heads=2, joint_dim=8, latent_channels=8, tower_width=16
)
STUDENT = DiTConfig(
    role="student", channels=8, width=32, depth=2, heads=2, context_dim=16, kv_heads=1, patch=2, fourier_features=16,
    rope_dims=8, qk_norm=True, time_conditioning="adaln", jump_embedding="separate",
)  # fmt: skip


def tokenizer() -> Tokenizer:
    """A WordPiece tokenizer over a dozen words; every other word is unknown to it."""
    ids = {word: i for i, word in enumerate(WORDS)}
    out = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    out.normalizer = normalizers.BertNormalizer(lowercase=True)
    out.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    out.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(word, ids[word]) for word in ("[CLS]", "[SEP]")]
    )
    return out


def stirred(module: nn.Module, seed: int) -> nn.Module:
    """The module with noise on every parameter: no head stays at zero, so every input matters."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return module.eval()


def write_tiny_model(folder: Path, *, teacher: bool = False) -> Path:
    """Write the folder; its sounds last one second unless asked otherwise, three at most."""
    torch.manual_seed(0)
    source = folder.parent / f"{folder.name}-tokenizer"
    source.mkdir()
    tokenizer().save(str(source / "tokenizer.json"))
    text = MiniTextEncoder(TEXT, tokenizer())
    text.set_table(torch.randn(TEXT.vocabulary, TEXT.table_dim))
    guide = STUDENT.model_copy(update={"role": "teacher", "jump_embedding": "shared"}) if teacher else None
    config = ModelConfig(
        name="tiny", seconds=1.0, max_seconds=3.0, omega=3.0, autoencoder=SPECTRAL, text_encoder=TEXT,
        student=STUDENT, teacher=guide,
    )  # fmt: skip
    parts = Parts(
        config, stirred(DiT(STUDENT), 1), stirred(SpectralAutoencoder(SPECTRAL), 2), stirred(text, 3),
        Normalizer(torch.linspace(-1, 1, 8), torch.linspace(0.5, 2, 8)),
        None if guide is None else stirred(DiT(guide), 4), "", source,
    )  # fmt: skip
    return write_parts(parts, folder)
