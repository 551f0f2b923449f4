"""A training step as the official loop computes it: the mark to measure ours against, and an oracle of its losses.

Never used to train. For the diffusion transformer, that loop does with every batch:

- float32, as its configuration switches mixed precision off, with PyTorch's defaults: products without TF32;
- waveforms encoded by the autoencoder;
- in every call of a network its prompts encoded anew, one after the other: with k Heun steps and B clips, 4 k B prompts
  for the guided teacher (half of them the empty one) and 5 B for student, target and features;
- every layer of every network called under ``torch.utils.checkpoint``, gradients or not;
- the guided teacher as a doubled batch;
- the student called for the CTM loss and again for the DSM loss, and gone back through twice;
- every layer of the teacher fed the embedded input for the features, their differences computed twice, first to look
  for NaN;
- the adaptive weight from the gradient of each loss at the last layer, the one of the CTM loss by a way of its own
  back through all of the teacher;
- RAdam, clipping, and the target's average, weight by weight.

The backbones share no forward code with :class:`soundctm.backbones.DiT`. What is no part of this is left out: reading
files, tokenising, mixing clips, logging. The encoders are ours, with folded weights.
"""

import copy
from typing import Protocol

import torch
from torch import Tensor

from soundctm.backbones import DiT
from soundctm.benchmark.naive import checkpointed
from soundctm.benchmark.plain import Caller, PlainDiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import c_in, c_noise, column, precondition
from soundctm.diffusion.solvers import heun
from soundctm.training.config import StudentTraining
from soundctm.training.draws import StudentDraws, generator_of, share, training_grid
from soundctm.training.loop import Figures
from soundctm.training.precision import attention
from soundctm.training.teacher import dsm_loss
from soundctm.trajectory.jump import towards

SMALL = 1e-10  # added to the norms of features
NO_GRADIENT, LARGEST = 1e-8, 1e3  # bounds of the adaptive weight: added to its denominator, and its maximum

Text = tuple[Tensor, Tensor | None]  # tokens and their mask, None where there is one token


class Encoders(Protocol):
    """What turns a batch into the inputs of a network."""

    def latents(self, x: Tensor) -> Tensor:
        """Normalised latents ``[B, C, T]`` of sounds ``[B, ...]``."""
        ...

    def text(self, prompts: Tensor) -> Conditioning:
        """What the networks read of prompts ``[B, ...]``."""
        ...


class PlainTeacher(PlainDiT):
    """A teacher over its weights by name, with the outputs of its blocks."""

    def raw(self, x: Tensor, c_noise_t: Tensor, text: Tensor, mask: Tensor | None) -> Tensor:
        """Raw output ``[B, C, T]``; arguments as for a student, which takes the end and guidance as well."""
        context = self.mlp("to_cond_embed", text)
        level = self.mlp("to_timestep_embed", self.fourier(c_noise_t))
        if self.config.pooled_context:
            level = level + self.pooled(context, mask)
        return self.run(x, level, context, mask)

    def features(self, x: Tensor, c_noise_t: Tensor, text: Tensor, mask: Tensor | None) -> list[Tensor]:
        """What every block ``[B, N, width]`` makes of the embedded input."""
        found = []

        def apart(block: Caller, name: str, h: Tensor, *rest: Tensor | None) -> Tensor:
            found.append(self.call(block, name, h, *rest))
            return h

        PlainTeacher(self.config, self.weights, apart).raw(x, c_noise_t, text, mask)
        return found


def gap(a: Tensor, b: Tensor) -> Tensor:
    """The mean square difference per item ``[B]`` of features that are divided by their norms over tokens."""
    a, b = (f / (f.square().sum(1, keepdim=True).sqrt() + SMALL) for f in (a, b))
    return (a - b).square().mean((1, 2))


class OfficialStep:
    """Student, target and optimiser of a distillation of ``teacher``, which is frozen. ``empty [1, ...]`` is the empty
    prompt. Draws are those of :class:`soundctm.training.student.StudentTask` at the same seed and step."""

    def __init__(self, config: StudentTraining, teacher: DiT, encoders: Encoders, empty: Tensor) -> None:
        self.config, self.encoders, self.empty = config, encoders, empty
        self.device = empty.device
        self.grid = training_grid(config.grid_points, config.sigma_min, config.sigma_max, config.rho).to(self.device)
        self.student = DiT(teacher.config.student()).to(self.device)
        self.student.load_teacher(teacher)
        self.target = copy.deepcopy(self.student).requires_grad_(False)
        self.last_layer = self.student.postprocess_conv.weight
        weights = [network.state_dict(keep_vars=True) for network in (self.student, self.target)]
        self.learning, self.aiming = (PlainDiT(self.student.config, each, checkpointed) for each in weights)
        teacher.to(self.device).requires_grad_(False)
        self.guide = PlainTeacher(teacher.config, teacher.state_dict(keep_vars=True), checkpointed)
        rate, betas = config.optimizer.learning_rate, config.optimizer.betas
        self.optimizer = torch.optim.RAdam(self.student.parameters(), rate, betas=betas)

    @torch.no_grad()
    def encoded(self, prompts: Tensor) -> Text:
        """The prompts of one call of a network."""
        text = Conditioning.cat([self.encoders.text(prompt) for prompt in prompts.split(1)])
        return text.tokens, None if text.mask.shape[1] == 1 else text.mask

    def aim(self, network: PlainDiT, z: Tensor, t: Tensor, s: Tensor, omega: Tensor, prompts: Tensor) -> Tensor:
        """``g(z, t, s)`` of student or target."""
        F = network(column(c_in(t)) * z, c_noise(t), c_noise(s), omega, *self.encoded(prompts))
        return precondition(F, z, t)

    def guided(self, z: Tensor, t: Tensor, omega: Tensor, prompts: Tensor) -> Tensor:
        """``D_u + omega (D_c - D_u)`` of the teacher."""
        zz, tt = torch.cat([z, z]), torch.cat([t, t])
        text = self.encoded(torch.cat([prompts, self.empty.expand_as(prompts)]))
        D_c, D_u = precondition(self.guide.raw(column(c_in(tt)) * zz, c_noise(tt), *text), zz, tt).chunk(2)
        return D_u + column(omega) * (D_c - D_u)

    @torch.no_grad()
    def aimed(self, z_t: Tensor, draws: StudentDraws, prompts: Tensor) -> Tensor:
        """``z_target = G_sg(Solver(z_t, t, u), u, s)``."""
        offsets = torch.arange(int((draws.u - draws.t)[0]) + 1, device=self.device)
        levels = self.grid[draws.t[None, :] + offsets[:, None]]
        z_u = heun(lambda z, t: self.guided(z, t, draws.omega, prompts), z_t, levels)
        u, s = self.grid[draws.u], self.grid[draws.s]
        return towards(z_u, self.aim(self.aiming, z_u, u, s, draws.omega, prompts), u, s)

    def distance(self, z_target: Tensor, z_est: Tensor, s: Tensor, prompts: Tensor) -> Tensor:
        """The feature distance per item ``[B]`` at s."""
        found = (
            self.guide.features(column(c_in(s)) * z, c_noise(s), *self.encoded(prompts)) for z in (z_est, z_target)
        )
        total = torch.zeros_like(s)
        for a, b in zip(*found, strict=True):
            if bool(gap(a, b).mean().isnan()):
                raise FloatingPointError("the feature distance is no number")
            total = total + gap(a, b)
        return total

    def losses(self, z_0: Tensor, prompts: Tensor, draws: StudentDraws) -> tuple[Tensor, Tensor]:
        """The CTM loss and the DSM loss of one batch."""
        t, s, sigma, omega = self.grid[draws.t], self.grid[draws.s], draws.sigma, draws.omega
        z_t = z_0 + column(t) * draws.noise
        z_est = towards(z_t, self.aim(self.learning, z_t, t, s, omega, prompts), t, s)
        z_target = self.aimed(z_t, draws, prompts)
        ctm = self.distance(z_target, z_est, s, prompts).mean()
        z_sigma = z_0 + column(sigma) * draws.dsm_noise
        return ctm, dsm_loss(self.aim(self.learning, z_sigma, sigma, sigma, omega, prompts), z_0, sigma)

    def backward(self, z_0: Tensor, prompts: Tensor, draws: StudentDraws) -> Figures:
        """Add the gradient of ``L_CTM + lambda_DSM L_DSM``."""
        ctm, dsm = self.losses(z_0, prompts, draws)
        norms = [torch.autograd.grad(loss, self.last_layer, retain_graph=True)[0].norm() for loss in (ctm, dsm)]
        weight = self.config.dsm_weight * (norms[0] / (norms[1] + NO_GRADIENT)).clamp(max=LARGEST)
        (ctm + weight * dsm).backward()
        return {"ctm": float(ctm.detach()), "dsm": float(dsm.detach()), "lambda_dsm": float(weight)}

    def step(self, x: Tensor, prompts: Tensor, index: int) -> Figures:
        """One step of the optimiser from sounds ``[B, ...]`` and prompts ``[B, ...]``."""
        with torch.no_grad():
            z_0 = self.encoders.latents(x)
        generator = generator_of(self.config.seed, index, 0)
        draws = share(StudentDraws.draw(z_0.shape, self.config, generator), slice(None), self.device)
        with attention(self.device.type):  # on a CPU as plain products, which is what the official code does there
            figures = self.backward(z_0, prompts, draws)
        self.update()
        return figures

    def update(self) -> None:
        """Clip, step, and let the target follow."""
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), self.config.optimizer.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        mu = self.config.mu
        for average, value in zip(self.target.parameters(), self.student.parameters(), strict=True):
            average.data.mul_(mu).add_(value.detach(), alpha=1 - mu)
