"""What is measured: the shipped model, a folder, or the paper's model with random weights."""

import tomllib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from soundctm.autoencoder import DACConfig, GaussianDAC, Normalizer
from soundctm.backbones import DiT, DiTConfig
from soundctm.benchmark import PAPER
from soundctm.checks import check_device
from soundctm.conditioning.clap import PROMPT_TOKENS, ClapTextConfig, ClapTextEncoder
from soundctm.config import ModelConfig
from soundctm.engines import Precision
from soundctm.engines.streaming import streamed
from soundctm.folder import CONVERTED, Parts
from soundctm.model import SoundCTM

CONFIGS = Path(__file__).parent.parent / "configs"
PAPER_FRAMES = 432  # latent frames of the official 10.03 s
PAPER_OMEGA = 5.0
SPECIAL = 4  # the ids below it are not words


class RandomClap(ClapTextEncoder):
    """A CLAP text branch without its tokenizer, which has to be fetched: every word gets an id by its letters. A prompt
    is filled up to as many tokens as ever, so it costs what it costs."""

    def _tokens(self, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
        ids = torch.ones(len(prompts), PROMPT_TOKENS, dtype=torch.long)
        for row, prompt in zip(ids, prompts, strict=True):
            words = [
                SPECIAL + zlib.crc32(word.encode()) % (self.config.vocab_size - SPECIAL) for word in prompt.split()
            ]
            read = [0, *words[: PROMPT_TOKENS - 2], 2]
            row[: len(read)] = torch.tensor(read)
        return ids, (ids != 1).long()


def paper_config(folder: Path = CONFIGS / PAPER) -> ModelConfig:
    """The official model: sizes of its training configuration, and of the CLAP of version 1."""
    backbone = DiTConfig.model_validate(_table(folder / "teacher.toml", "backbone"))
    autoencoder = DACConfig.model_validate(_table(folder / "autoencoder.toml", "autoencoder"))
    hop = torch.tensor(autoencoder.encoder_rates).prod().item()
    seconds = PAPER_FRAMES * hop / autoencoder.sample_rate
    return ModelConfig(
        name=PAPER, seconds=seconds, max_seconds=seconds, omega=PAPER_OMEGA, autoencoder=autoencoder,
        text_encoder=ClapTextConfig(variant="projected"), student=backbone.student(),
    )  # fmt: skip


def _table(path: Path, key: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(path.read_text())[key]
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def random_model(config: ModelConfig, device: torch.device | str = "cpu", precision: Precision = "float32") -> SoundCTM:
    """A model of these sizes with random weights, made on its device: nothing is held twice. ``precision`` as for
    :meth:`SoundCTM.from_pretrained`.

    It takes a CLAP text encoder and a DAC. Layers that start as zero are filled, or there would be nothing to hear.
    """
    if not isinstance(config.text_encoder, ClapTextConfig) or not isinstance(config.autoencoder, DACConfig):
        raise ValueError("random weights are for models with a CLAP text encoder and a DAC")
    with torch.device(device), torch.random.fork_rng(_devices(device)):
        torch.manual_seed(0)
        parts = Parts(
            config, _student(config.student, torch.device(device), precision),
            _filled(GaussianDAC(config.autoencoder, checkpointing=True)),
            _filled(RandomClap(config.text_encoder)),
            Normalizer(torch.zeros(config.student.channels), torch.ones(config.student.channels)), None, "random",
            Path(), precision=precision,
        )  # fmt: skip
    return SoundCTM(parts, config.name, device)


def _student(config: DiTConfig, device: torch.device, precision: Precision) -> DiT:
    """Random in float32; in what it can be converted to, block by block."""
    if precision not in CONVERTED:
        student: DiT = _filled(DiT(config))
        return student
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in DiT(config).state_dict().items()}
    return streamed(config, lambda name: 0.02 * torch.randn(shapes[name]), precision, device)


def _devices(device: torch.device | str) -> list[int]:
    """Numbers of the GPUs whose generator is used."""
    device = torch.device(device)
    return [device.index or 0] if device.type == "cuda" else []


def _filled(module: nn.Module) -> Any:
    """For inference, and without matrices of zeros. Weights are new tensors, as those that are read from a file: where
    they tell that they were changed after they were made, a student in fewer bits reads every prompt a second time."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim > 1 and not bool(parameter.any()):
                parameter.normal_(std=0.02)
    module.load_state_dict({name: value.data for name, value in module.state_dict().items()}, assign=True)
    return module.eval().requires_grad_(False)


def load(name: str, device: str, precision: Precision = "float32") -> SoundCTM:
    """A preset, a model folder or a hub id; ``precision`` as for :meth:`SoundCTM.from_pretrained`."""
    check_device(device)
    if name == PAPER:
        return random_model(paper_config(), device, precision)
    return SoundCTM.from_pretrained(name, device, precision)
