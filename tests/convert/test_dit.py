"""Official students and teachers: every key is accounted for."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from soundctm.backbones import DiT, DiTConfig
from soundctm.convert.dit import convert_dit, infer_config, official_name
from soundctm.errors import UserError
from tests.oracles.official import reference

FILE = Path("student.safetensors")
BLOCK = (
    "pre_norm.gamma", "pre_norm.beta", "self_attn.to_qkv.weight", "self_attn.to_out.weight",
    "cross_attend_norm.gamma", "cross_attend_norm.beta", "cross_attn.to_q.weight", "cross_attn.to_kv.weight",
    "cross_attn.to_out.weight", "ff_norm.gamma", "ff_norm.beta", "ff.ff.0.proj.weight", "ff.ff.0.proj.bias",
    "ff.ff.2.weight", "ff.ff.2.bias",
)  # fmt: skip
OUTSIDE = (
    "timestep_features.weight", "to_timestep_embed.0.weight", "to_timestep_embed.0.bias", "to_timestep_embed.2.weight",
    "to_timestep_embed.2.bias", "to_cond_embed.0.weight", "to_cond_embed.2.weight", "preprocess_conv.weight",
    "postprocess_conv.weight", "transformer.project_in.weight", "transformer.project_out.weight",
    "transformer.rotary_pos_emb.inv_freq",
)  # fmt: skip
CONFIG = DiTConfig(
    role="student", channels=6, width=128, depth=2, heads=2, kv_heads=1, context_dim=64, ff_mult=2,
    fourier_features=10, rope_dims=32,
)  # fmt: skip


def official_state(config: DiTConfig = CONFIG) -> dict[str, Tensor]:
    """A checkpoint in the official layout, its keys written out above."""
    torch.manual_seed(0)
    ours = {official_name(name): torch.randn_like(value) for name, value in DiT(config).state_dict().items()}
    names = [f"dit.{name}" for name in OUTSIDE]
    names += [f"dit.transformer.layers.{i}.{name}" for i in range(config.depth) for name in BLOCK]
    return {name: torch.zeros(config.width) if name.endswith(".beta") else ours.pop(name) for name in names}


def test_every_weight_arrives_and_fits() -> None:
    state = official_state()
    config, weights = convert_dit(FILE, state, "student")
    assert config == CONFIG
    DiT(config).load_state_dict(weights)
    assert torch.equal(weights["blocks.1.ff.out.weight"], state["dit.transformer.layers.1.ff.ff.2.weight"])
    assert torch.equal(weights["blocks.0.ff.proj.bias"], state["dit.transformer.layers.0.ff.ff.0.proj.bias"])
    assert torch.equal(weights["rotary.inv_freq"], state["dit.transformer.rotary_pos_emb.inv_freq"])
    assert len(weights) == len(state) - 3 * config.depth


def test_half_precision_becomes_single() -> None:
    state = {name: value.half() for name, value in official_state().items()}
    assert {value.dtype for value in convert_dit(FILE, state, "student")[1].values()} == {torch.float32}


def test_a_clap_in_the_same_file_is_left_aside() -> None:
    state = official_state()
    carried = {**state, "text_encoder.clap.model.logit_scale": torch.ones(1)}
    assert convert_dit(FILE, carried, "student")[1].keys() == convert_dit(FILE, state, "student")[1].keys()


@pytest.mark.parametrize(
    "name", ["dit.to_global_embed.0.weight", "dit.transformer.layers.0.extra.weight", "ema.decay", "project_in.weight"]
)
def test_an_unknown_key_is_named(name: str) -> None:
    with pytest.raises(UserError, match=f"1 unknown.*{name}"):
        convert_dit(FILE, {**official_state(), name: torch.ones(1)}, "student")


@pytest.mark.parametrize("name", sorted(official_state()))
def test_a_missing_key_is_named(name: str) -> None:
    state = official_state()
    del state[name]
    with pytest.raises(UserError, match=name):
        convert_dit(FILE, state, "student")


def test_a_missing_layer_is_named() -> None:
    state = official_state(CONFIG.model_copy(update={"depth": 3}))
    state = {name: value for name, value in state.items() if ".layers.1." not in name}
    with pytest.raises(UserError, match=r"15 missing.*dit\.transformer\.layers\.1\."):
        convert_dit(FILE, state, "student")


def test_a_wrong_shape_is_named() -> None:
    name = "dit.transformer.layers.1.self_attn.to_out.weight"
    with pytest.raises(UserError, match=rf"{name} is \(128, 64\), expected \(128, 128\)"):
        convert_dit(FILE, {**official_state(), name: torch.ones(128, 64)}, "student")


def test_a_norm_with_a_bias_is_refused() -> None:
    name = "dit.transformer.layers.0.ff_norm.beta"
    with pytest.raises(UserError, match=f"{name} is not zero"):
        convert_dit(FILE, {**official_state(), name: torch.ones(128)}, "student")


def test_a_foreign_file_is_refused() -> None:
    with pytest.raises(UserError, match="this is not an official DiT student"):
        convert_dit(FILE, {"conv.weight": torch.ones(3, 3)}, "student")
    sizes = {**official_state(), "dit.transformer.project_in.weight": torch.ones(30, 6)}
    with pytest.raises(UserError, match="do not make heads of 64 channels"):
        convert_dit(FILE, sizes, "student")


@pytest.mark.parametrize("context", [512, 768])
def test_sizes_of_the_published_checkpoints_are_found(context: int) -> None:
    config = DiTConfig(role="student", context_dim=context, kv_heads=context // 64, rope_dims=32)
    with torch.device("meta"):
        state = {official_name(name): value for name, value in DiT(config).state_dict().items()}
    assert infer_config(FILE, state, "student") == config


@pytest.mark.parametrize("role", ["student", "teacher"])
def test_reference_files_convert_to_the_sizes_they_declare(shared_folder: Path, role: str) -> None:
    path = reference(shared_folder) / f"official_{role}.safetensors"
    with safe_open(path, "pt") as file:
        declared = json.loads(file.metadata()["config"])
    config, weights = convert_dit(path, load_file(path), role)  # type: ignore[arg-type]
    DiT(config).load_state_dict(weights)
    found = (config.channels, config.width, config.depth, config.heads, config.context_dim)
    sizes = ("io_channels", "embed_dim", "depth", "num_heads", "cond_token_dim")
    assert found == tuple(declared[name] for name in sizes)
    assert config.kv_heads == declared["cond_token_dim"] // 64


def test_only_a_teacher_may_carry_the_layers_it_never_uses(shared_folder: Path) -> None:
    path = reference(shared_folder) / "official_teacher.safetensors"
    with pytest.raises(UserError, match=r"2 unknown.*dit\.to_global_embed"):
        convert_dit(path, load_file(path), "student")
