"""Laws of the transformer."""

from typing import Any, Literal

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from soundctm.backbones import DiT, DiTConfig
from soundctm.conditioning import Conditioning
from tests.oracles.tiny import MINI, SIZES, fresh_dit, random_latents, random_text, tiny_dit

VARIANTS: list[dict[str, Any]] = [{}, {"patch": 4}, {"time_conditioning": "adaln"}, MINI]
Role = Literal["teacher", "student"]


def jump_inputs(model: DiT, batch: int) -> dict[str, Tensor]:
    if model.config.role == "teacher":
        return {}
    return {"c_noise_s": torch.linspace(-1, 0, batch), "omega": torch.linspace(1, 5, batch)}


def run(model: DiT, x: Tensor, text: Conditioning) -> Tensor:
    return model(x, torch.linspace(-0.5, 1, len(x)), text, **jump_inputs(model, len(x)))


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("role", ["teacher", "student"])
def test_a_fresh_network_is_zero_and_can_learn(role: Role, options: dict[str, Any]) -> None:
    model = fresh_dit(role, **options)
    y = run(model, random_latents(2, 8), random_text(2, 3))
    assert not y.any()
    y.sub(1).square().sum().backward()
    assert model.project_out.weight.grad is not None
    assert model.project_out.weight.grad.any()


def test_modulated_blocks_start_as_the_identity() -> None:
    model = fresh_dit("teacher", **MINI)
    first, *later = model.forward_features(random_latents(2, 8), torch.zeros(2), random_text(2, 3))
    assert first.any()
    assert all(torch.equal(first, features) for features in later)


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("frames", [1, 7, 8])
def test_any_length_comes_back_as_it_went_in(options: dict[str, Any], frames: int) -> None:
    model, x, text = tiny_dit("student", **options), random_latents(2, frames), random_text(2, 3)
    y = run(model, x, text)
    assert y.shape == x.shape
    spare = -frames % model.config.patch
    assert torch.allclose(y, run(model, torch.nn.functional.pad(x, (0, spare)), text)[..., :frames], atol=1e-5)


def test_patches_are_cut_and_laid_back_in_the_same_order() -> None:
    model = tiny_dit("teacher", patch=4)
    for block in model.blocks:
        for layer in (block.self_attn.to_out, block.cross_attn.to_out, block.ff.out):
            torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(block.ff.out.bias)
    for conv in (model.preprocess_conv, model.postprocess_conv):
        torch.nn.init.zeros_(conv.weight)
    model.project_in.weight.copy_(torch.eye(*model.project_in.weight.shape))
    model.project_out.weight.copy_(torch.eye(*model.project_out.weight.shape))
    x = random_latents(2, 12)
    assert torch.equal(run(model, x, random_text(2, 3)), x)


@pytest.mark.parametrize("options", VARIANTS)
def test_masked_tokens_have_no_influence(options: dict[str, Any]) -> None:
    model, x = tiny_dit("student", **options), random_latents(2, 8)
    text = random_text(2, 5, real=[3, 2])
    expected = run(model, x, text)
    changed = Conditioning(torch.where(text.mask[..., None], text.tokens, torch.tensor(50.0)), text.mask)
    assert torch.equal(run(model, x, changed), expected)
    short = Conditioning(text.tokens[:, :3], text.mask[:, :3])
    assert torch.allclose(run(model, x, short), expected, atol=1e-5)


@pytest.mark.parametrize("options", VARIANTS)
def test_real_tokens_levels_omega_and_neighbouring_frames_have_influence(options: dict[str, Any]) -> None:
    model, x, text = tiny_dit("student", **options), random_latents(2, 8), random_text(2, 3)
    t, s, omega = torch.zeros(2), -torch.ones(2), torch.ones(2)

    def F(x: Tensor = x, t: Tensor = t, s: Tensor = s, omega: Tensor = omega, text: Conditioning = text) -> Tensor:
        return model(x, t, text, c_noise_s=s, omega=omega)

    moved = x.clone()
    moved[..., -1] += 1
    others = [F(t=t + 0.2), F(s=s + 0.2), F(omega=omega + 0.5), F(text=random_text(2, 3, seed=7)), F(x=moved)]
    assert all((other - F())[..., 0].abs().max() > 1e-3 for other in others)


def test_pooled_text_changes_the_output() -> None:
    x, text = random_latents(2, 8), random_text(2, 3)
    model = tiny_dit("teacher", pooled_context=True)
    before = run(model, x, text)
    assert model.to_pooled is not None
    model.to_pooled.weight.zero_()
    assert not torch.allclose(run(model, x, text), before, atol=1e-3)


@pytest.mark.parametrize("options", VARIANTS)
def test_an_item_does_not_depend_on_its_neighbours(options: dict[str, Any]) -> None:
    model, x, text = tiny_dit("student", **options), random_latents(3, 8), random_text(3, 4, real=[4, 2, 1])
    c_noise, extra = torch.linspace(-0.5, 1, 3), jump_inputs(model, 3)
    together = model(x, c_noise, text, **extra)
    for i in range(3):
        one = slice(i, i + 1)
        alone = model(x[one], c_noise[one], text.select(one), **{name: value[one] for name, value in extra.items()})
        assert torch.allclose(together[one], alone, atol=1e-5)


@pytest.mark.parametrize("options", [MINI, {"jump_embedding": "separate"}])
def test_a_student_starts_as_its_teacher_for_every_jump_and_guidance(options: dict[str, Any]) -> None:
    teacher, student = tiny_dit("teacher", **options), fresh_dit("student", **options)
    student.load_teacher(teacher)
    x, c_noise, text = random_latents(3, 8), torch.tensor([-1.0, 0.0, 1.0]), random_text(3, 4, real=[4, 2, 1])
    expected = teacher(x, c_noise, text)
    for c_noise_s, omega in ((-1.5, 1.0), (0.3, 5.0)):
        F = student(x, c_noise, text, c_noise_s=torch.full((3,), c_noise_s), omega=torch.full((3,), omega))
        assert torch.equal(F, expected)


def test_a_student_can_leave_its_teacher() -> None:
    student = fresh_dit("student", **MINI)
    student.load_teacher(tiny_dit("teacher", **MINI))
    run(student, random_latents(2, 8), random_text(2, 3)).square().sum().backward()
    for mlp in (student.to_jump_embed, student.to_omega_embed):
        assert mlp is not None
        assert mlp[-1].weight.grad.abs().max() > 0


@pytest.mark.parametrize("options", [{"width": 48}, {"depth": 3}, {"qk_norm": True}])
def test_another_teacher_is_refused_and_nothing_of_it_loaded(options: dict[str, Any]) -> None:
    student = tiny_dit("student", jump_embedding="separate")
    before = {name: value.clone() for name, value in student.state_dict().items()}
    with pytest.raises(ValueError, match="teacher and student differ in"):
        student.load_teacher(tiny_dit("teacher", seed=3, **options))
    assert all(torch.equal(value, before[name]) for name, value in student.state_dict().items())


def test_roles_take_their_own_inputs_only() -> None:
    x, c_noise, text = random_latents(1, 4), torch.zeros(1), random_text(1, 2)
    with pytest.raises(ValueError, match="a teacher takes neither"):
        tiny_dit("teacher")(x, c_noise, text, c_noise_s=c_noise, omega=c_noise)
    for given in ({}, {"omega": c_noise}, {"c_noise_s": c_noise}):
        with pytest.raises(ValueError, match="a student takes both c_noise_s and omega"):
            tiny_dit("student")(x, c_noise, text, **given)


def test_text_without_a_real_token_is_refused() -> None:
    with pytest.raises(ValueError, match="no real token"):
        run(tiny_dit("teacher"), random_latents(2, 4), random_text(2, 3, real=[2, 0]))


@pytest.mark.parametrize("options", [{}, MINI])
def test_features_are_the_outputs_of_chained_blocks(options: dict[str, Any]) -> None:
    model, x, text = tiny_dit("teacher", depth=3, **options), random_latents(2, 8), random_text(2, 3)
    entered: list[Tensor] = []
    for block in model.blocks:
        block.register_forward_pre_hook(lambda _, args: entered.append(args[0]))
    features = model.forward_features(x, torch.zeros(2), text)
    tokens = 2 if options else 1 + 8
    assert [f.shape for f in features] == [(2, tokens, model.config.width)] * 3
    assert torch.equal(entered[1], features[0])
    assert torch.equal(entered[2], features[1])


def test_double_precision_agrees() -> None:
    model, x, text = tiny_dit("student", **MINI), random_latents(2, 8), random_text(2, 3, real=[3, 1])
    single = run(model, x, text)
    arguments = {name: value.double() for name, value in jump_inputs(model, 2).items()}
    double = model.double()(x.double(), torch.linspace(-0.5, 1, 2).double(), text.to(dtype=torch.float64), **arguments)
    assert torch.allclose(single, double.float(), atol=1e-4)


@pytest.mark.parametrize(("context", "millions"), [(512, 1035.7), (768, 1052.1)])
def test_defaults_are_the_size_of_the_official_student(context: int, millions: float) -> None:
    with torch.device("meta"):
        model = DiT(DiTConfig(role="student", context_dim=context))
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"heads": 5}, "not a multiple of heads"),
        ({"heads": 0}, "greater than 0"),
        ({"kv_heads": 3}, "not a multiple of kv_heads"),
        ({"context_dim": 4}, "not a multiple of kv_heads"),
        ({"rope_dims": 3}, "rope_dims"),
        ({"rope_dims": 10}, "rope_dims"),
        ({"fourier_features": 9}, "must be even"),
        ({"patches": 4}, "Extra inputs"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DiTConfig(role="teacher", **{**SIZES, **changed})
