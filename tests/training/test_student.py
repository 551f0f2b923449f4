"""Algorithm 2: the adaptive weight, every option, and a distillation whose end is known in closed form."""

import math
import shutil

import pytest
import torch
from pydantic import ValidationError

from soundctm.backbones import DiT
from soundctm.errors import UserError
from soundctm.training.config import OptimizerConfig, StudentTraining
from soundctm.training.draws import StudentDraws, generator_of
from soundctm.training.precision import arithmetic
from soundctm.training.student import TARGET, StudentTask
from soundctm.training.teacher import dsm_loss
from soundctm.training.trainee import KEPT
from soundctm.training.world import World
from soundctm.trajectory import jump
from soundctm.trajectory.jump import g
from tests.oracles.latents import GaussianLatents, gaussian_jump, tiny_backbone
from tests.oracles.waves import GAN, Waves

ADAMW = OptimizerConfig(name="adamw", learning_rate=1e-2)


def task(**changes: object) -> StudentTask:
    """A tiny distillation from a teacher that is exact: its zero network is the denoiser of a Gaussian."""
    torch.manual_seed(0)
    settings = {"steps": 200, "batch": 8, "precision": "fp32", "optimizer": ADAMW, "max_solver_steps": 10, **changes}
    return StudentTask(StudentTraining.model_validate(settings), DiT(tiny_backbone()), GaussianLatents(), World())


def perturbed(distillation: StudentTask) -> StudentTask:
    """The same with random weights everywhere, so that no gradient is zero by construction."""
    generator = generator_of(7)
    networks = [distillation.teacher, distillation.trainee.module, distillation.trainee.averages[TARGET].module]
    for network in networks:
        for parameter in network.parameters():
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)
    return distillation


def errors(distillation: StudentTask) -> list[float]:
    """Relative squared error of jumps from the top to three levels, against the closed form."""
    z = 80 * torch.randn(256, 4, 6, generator=generator_of(9))
    conditioning = GaussianLatents().batch(999, 256, 0.0).conditioning
    t = torch.full((256,), 80.0)
    found = []
    for level in (0.002, 0.5, 5.0):
        s = torch.full((256,), level)
        with torch.no_grad():
            G = jump(distillation.trainee.averages[KEPT].module, z, t, s, 3.0, conditioning)
        known = gaussian_jump(z, t, s)
        found.append(float((G - known).square().mean() / known.square().mean()))
    return found


def test_a_distilled_gaussian_reaches_its_closed_form() -> None:
    distillation = task(batch=32, distance="l2_s", mu=0.9, ema=0.95)
    before = errors(distillation)
    for i in range(200):
        distillation.step(i, i / 200)
    after = errors(distillation)
    assert before[0] > 0.9 and before[1] > 0.05, "a fresh student computes its teacher's denoiser, not the jump"
    assert after[0] < 0.1 and after[1] < 0.02 and after[2] < 0.001


@pytest.mark.parametrize(
    ("distance", "dsm_weight"), [("teacher", 1.0), ("official", 1.0), ("l2_s", 1.0), ("l2_0", 1.0), ("teacher", 0.3)]
)
def test_the_gradient_is_that_of_equation_9(distance: str, dsm_weight: float) -> None:
    """One backward pass from the network's output gives the gradient of L_CTM + lambda L_DSM, lambda included."""
    distillation = perturbed(task(distance=distance, dsm_weight=dsm_weight))
    config, student = distillation.config, distillation.trainee.module
    batch = distillation.source.batch(3, 8, 0.0)
    figures = distillation.backward(batch.z_0, batch.conditioning, 3, 0, slice(0, 8))
    found = [p.grad.clone() for p in student.parameters() if p.grad is not None]
    student.zero_grad()

    draws = StudentDraws.draw(batch.z_0.shape, config, generator_of(config.seed, 3, 0))
    t, s = distillation.grid[draws.t], distillation.grid[draws.s]
    z_t = batch.z_0 + t[:, None, None] * draws.noise
    z_target = distillation.target(z_t, draws, batch.conditioning)
    z_est = jump(student, z_t, t, s, draws.omega, batch.conditioning)
    ctm = distillation.distance(z_target, z_est, draws, batch.conditioning).mean()
    z_sigma = batch.z_0 + draws.sigma[:, None, None] * draws.dsm_noise
    at_zero_length = g(student, z_sigma, draws.sigma, draws.sigma, draws.omega, batch.conditioning)
    dsm = dsm_loss(at_zero_length, batch.z_0, draws.sigma)
    norms = [torch.autograd.grad(loss, student.project_out.weight, retain_graph=True)[0].norm() for loss in (ctm, dsm)]
    weight = dsm_weight * float(norms[0] / norms[1])
    (ctm + weight * dsm).backward()

    assert math.isclose(figures["lambda_dsm"], weight, rel_tol=1e-3)
    assert math.isclose(figures["ctm"], float(ctm.detach()), rel_tol=1e-4)
    assert math.isclose(figures["dsm"], float(dsm.detach()), rel_tol=1e-4)
    expected = [p.grad for p in student.parameters() if p.grad is not None]
    assert len(found) == len(expected) > 10
    for a, b in zip(found, expected, strict=True):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-4 * float(b.abs().max()) + 1e-7)


def test_without_dsm_the_student_sees_jumps_alone() -> None:
    distillation = perturbed(task(dsm=False))
    batch = distillation.source.batch(0, 8, 0.0)
    seen: list[int] = []
    distillation.trainee.module.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    figures = distillation.backward(batch.z_0, batch.conditioning, 0, 0, slice(0, 8))
    assert seen == [8] and set(figures) == {"ctm"} and figures["ctm"] > 0


def test_the_feature_distance_is_not_rounded_with_the_rest() -> None:
    """In bfloat16 its gradient at small differences is noise; inside autocast it is computed in float32."""
    distillation = perturbed(task(precision="bf16"))
    batch = distillation.source.batch(0, 8, 0.0)
    draws = StudentDraws.draw(batch.z_0.shape, distillation.config, generator_of(1))
    estimate = batch.z_0 + 1e-3 * torch.randn(batch.z_0.shape, generator=generator_of(2))
    found = []
    for precision in ("fp32", "bf16"):
        z_est = estimate.clone().requires_grad_()
        with arithmetic(precision):  # type: ignore[arg-type]
            distance = distillation.distance(batch.z_0, z_est, draws, batch.conditioning)
        found.append(torch.autograd.grad(distance.sum(), z_est)[0])
    assert torch.equal(*found)


def test_another_teacher_or_other_data_is_another_training() -> None:
    config = task().config
    first = StudentTask(config, DiT(tiny_backbone()), GaussianLatents(), World()).identity
    torch.manual_seed(99)
    other = StudentTask(config, DiT(tiny_backbone()), GaussianLatents(seed=1), World()).identity
    assert first["teacher"] != other["teacher"] and first["data"] != other["data"]


def test_a_student_starts_as_its_teacher_or_from_scratch() -> None:
    teacher = DiT(tiny_backbone())
    torch.nn.init.normal_(teacher.project_in.weight)
    for start, same in (("teacher", True), ("scratch", False)):
        config = StudentTraining.model_validate({"steps": 1, "batch": 2, "optimizer": ADAMW, "start": start})
        built = StudentTask(config, teacher, GaussianLatents(), World())
        assert torch.equal(built.trainee.module.project_in.weight, teacher.project_in.weight) is same


def test_a_student_to_go_on_with_is_asked_for_given_and_fits() -> None:
    first = task().trainee.module
    narrow = DiT(tiny_backbone().model_copy(update={"depth": 1})).config.student()
    for start, given, message in (
        ("student", None, "give the trained student to go on with"),
        ("teacher", first, 'needs start = "student"; the configuration has "teacher"'),
        ("student", DiT(narrow), "the student to go on with has depth 1"),
    ):
        config = task().config.model_copy(update={"start": start})
        with pytest.raises(UserError, match=message):
            StudentTask(config, DiT(tiny_backbone()), GaussianLatents(), World(), first=given)


def test_averages_follow_at_their_rates() -> None:
    distillation = perturbed(task(mu=0.9, ema=0.99))
    student, target = distillation.trainee.module, distillation.trainee.averages[TARGET].module
    before = [p.clone() for p in target.parameters()]
    distillation.step(0, 0.5)
    for average, old, new in zip(target.parameters(), before, student.parameters(), strict=True):
        assert torch.allclose(average, 0.9 * old + 0.1 * new.detach(), atol=1e-6)


def test_accumulated_parts_are_one_batch_of_gradients() -> None:
    """With l2 alone, the gradient of two parts is the mean of theirs."""
    whole = perturbed(task(distance="l2_s", dsm=False, batch=8, accumulate=2))
    for part in range(2):
        batch = whole.source.batch(part, 4, whole.config.drop_caption)
        whole.backward(batch.z_0, batch.conditioning, 0, part, slice(0, 4))
    sums = [p.grad.clone() for p in whole.trainee.module.parameters() if p.grad is not None]
    norm = torch.stack([g.norm() for g in sums]).norm()
    whole.trainee.module.zero_grad()
    assert math.isclose(whole.step(0, 0.5)["grad"], float(norm), rel_tol=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_checkpointed_blocks_give_the_same_step(precision: str) -> None:
    stepped = []
    for checkpointing in (False, True):
        distillation = perturbed(task(precision=precision, checkpointing=checkpointing, accumulate=2))
        figures = distillation.step(0, 0.5)
        stepped.append((figures, [p.detach().clone() for p in distillation.trainee.module.parameters()]))
    (first, plain), (second, checkpointed) = stepped
    assert first == second and all(torch.equal(a, b) for a, b in zip(plain, checkpointed, strict=True))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_compiled_blocks_give_the_same_step() -> None:
    first, second = (perturbed(task(compiled=compiled)).step(0, 0.5) for compiled in (False, True))
    assert first.keys() == second.keys()
    assert all(math.isclose(first[name], second[name], rel_tol=1e-3) for name in first)


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(UserError, match="must be a teacher"):
        StudentTask(task().config, DiT(tiny_backbone("student")), GaussianLatents(), World())
    with pytest.raises(UserError, match="4 latent channels"):
        StudentTask(task().config, DiT(tiny_backbone()), GaussianLatents(channels=6), World())
    with pytest.raises(ValidationError, match="max_solver_steps"):
        task(max_solver_steps=40)
    with pytest.raises(ValidationError, match="omega_min"):
        task(omega_min=6.0)
    with pytest.raises(ValidationError, match="multiple of accumulate"):
        task(batch=3, accumulate=2)


def adversarial(**changes: object) -> StudentTask:
    torch.manual_seed(0)
    settings = {"steps": 50, "batch": 4, "precision": "fp32", "optimizer": ADAMW, "max_solver_steps": 3, "gan": GAN}
    config = StudentTraining.model_validate({**settings, **changes})
    return StudentTask(config, DiT(tiny_backbone()), GaussianLatents(), World(), decode=Waves())


def test_the_adversarial_gradient_is_as_long_as_that_of_the_ctm_loss() -> None:
    """The weight is a ratio at the last layer: without the DSM loss, both parts of the sum have one norm there."""
    for factor in (1.0, 0.25):
        distillation = perturbed(adversarial(dsm=False, gan={**GAN, "weight": factor}))
        batch = distillation.source.batch(0, 4, 0.0)
        figures = distillation.backward(batch.z_0, batch.conditioning, 0, 0, slice(0, 4))
        critics = distillation.adversary.trainee.module  # type: ignore[union-attr]
        assert figures["gan"] > 0 and figures["lambda_gan"] > 0
        assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in critics.parameters())
        alone = perturbed(adversarial(dsm=False, gan=None))
        alone.backward(batch.z_0, batch.conditioning, 0, 0, slice(0, 4))
        whole, ctm = (task.trainee.module.project_out.weight.grad for task in (distillation, alone))
        assert whole is not None and ctm is not None
        assert math.isclose(float((whole - ctm).norm()), factor * float(ctm.norm()), rel_tol=1e-3)


def test_discriminators_learn_to_tell_estimates_from_data() -> None:
    """A student that never moves is told apart better and better."""
    still = {"name": "adamw", "learning_rate": 1e-9}
    gan = {**GAN, "optimizer": {**still, "learning_rate": 3e-3}}
    distillation = perturbed(adversarial(batch=16, optimizer=still, gan=gan))
    losses = [distillation.step(i, 0.5)["discriminator"] for i in range(40)]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_a_gan_loss_needs_a_decoder() -> None:
    config = adversarial().config
    with pytest.raises(UserError, match="needs a decoder"):
        StudentTask(config, DiT(tiny_backbone()), GaussianLatents(), World())
