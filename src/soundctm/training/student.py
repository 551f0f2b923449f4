"""Distils the teacher into the consistency-trajectory student: Algorithm 2 of the paper."""

import torch
from torch import Tensor

from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.guidance import guided_denoiser
from soundctm.diffusion.precond import c_in, c_noise, column, precondition
from soundctm.diffusion.solvers import heun
from soundctm.errors import UserError
from soundctm.training.config import StudentTraining
from soundctm.training.data.source import LatentSource
from soundctm.training.distances import feature_distance, l2_distance
from soundctm.training.draws import StudentDraws, generator_of, share, training_grid
from soundctm.training.gan import Adversary, Decoder, decoder_of
from soundctm.training.last_layer import LastLayer
from soundctm.training.loop import Figures
from soundctm.training.precision import arithmetic
from soundctm.training.starting import digest_of
from soundctm.training.task import Task
from soundctm.training.teacher import dsm_loss
from soundctm.training.trainee import KEPT, Strategy, Trainee
from soundctm.training.world import World
from soundctm.trajectory.jump import jump, towards

TARGET = "sg"  # the average that makes the targets


class StudentTask(Task):
    """The networks, data and draws of one distillation."""

    def __init__(
        self, config: StudentTraining, teacher: DiT, source: LatentSource, world: World, strategy: Strategy = "ddp",
        decode: Decoder | None = None, first: DiT | None = None,
    ) -> None:  # fmt: skip
        if teacher.config.role != "teacher":
            raise UserError("the guide of a distillation must be a teacher; received a student")
        super().__init__(config, teacher.config, source, world)
        self.config: StudentTraining = config
        self.teacher = teacher.to(world.device).requires_grad_(False).eval()
        self.teacher.checkpointing = config.checkpointing  # the distance goes back through it
        self.identity |= {"teacher": digest_of(teacher)}
        self.unconditional = source.unconditional().to(world.device)
        self.grid = training_grid(config.grid_points, config.sigma_min, config.sigma_max, config.rho).to(world.device)
        student = self._first(teacher, first)
        averages = {TARGET: (config.mu, False), KEPT: (config.ema, True)}
        self.trainee = Trainee(student, config.optimizer, world, strategy, averages)
        self.last_layer = LastLayer(student)
        self.compile_blocks(student, self.teacher, *(average.module for average in self.trainee.averages.values()))
        self.parts = {"student": self.trainee}
        self.adversary = self._adversary(decode)
        if self.adversary is not None:
            self.parts["discriminators"] = self.adversary.trainee

    def _first(self, teacher: DiT, first: DiT | None) -> DiT:
        """The student as training begins: ``config.start`` says with whose weights."""
        student = self.build(teacher.config.student())
        if self.config.start == "teacher":
            student.load_teacher(teacher)
        return self.take_up(student, self.config.start, first)

    def _adversary(self, decode: Decoder | None) -> Adversary | None:
        if self.config.gan is None:
            return None
        return Adversary(self.config.gan, decoder_of(decode), self.world, self.config.precision, self.config.seed)

    @torch.no_grad()
    def solve(self, z_t: Tensor, draws: StudentDraws, conditioning: Conditioning) -> Tensor:
        """``Solver(z_t, c, omega, t, u)``: guided Heun over the grid from t to u."""
        D = guided_denoiser(self.teacher, conditioning, self.unconditional.expand(len(z_t)), draws.omega)
        intervals = int((draws.u - draws.t)[0])
        offsets = torch.tensor([*range(0, intervals, self.config.solver_stride), intervals], device=z_t.device)
        return heun(D, z_t, self.grid[draws.t[None, :] + offsets[:, None]])

    @torch.no_grad()
    def target(self, z_t: Tensor, draws: StudentDraws, conditioning: Conditioning) -> Tensor:
        """``z_target = G_sg(Solver(z_t, t, u), u, s)`` (Eq. 7)."""
        z_u = self.solve(z_t, draws, conditioning)
        sg = self.trainee.averages[TARGET].module
        return jump(sg, z_u, self.grid[draws.u], self.grid[draws.s], draws.omega, conditioning)

    def distance(self, z_target: Tensor, z_est: Tensor, draws: StudentDraws, conditioning: Conditioning) -> Tensor:
        """The distance of the CTM loss, per item ``[B]``, at s or after one more jump to the lowest level."""
        s, config = self.grid[draws.s], self.config
        match config.distance:
            case "l2_s":
                return l2_distance(z_target, z_est)
            case "l2_0":
                return l2_distance(*(self.at_end(z, draws, conditioning) for z in (z_target, z_est)))
            case "teacher" | "official":
                official = config.distance == "official"
                with arithmetic("fp32", self.world.device.type):  # bfloat16 hides what small differences say
                    return feature_distance(
                        self.teacher, z_target, z_est, s, conditioning, layers=config.layers, official=official
                    )

    def predictions(
        self, z_0: Tensor, z_t: Tensor, draws: StudentDraws, conditioning: Conditioning
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``(raw, F, z_est, denoised)`` from one pass of the student at (t, s) and, for the DSM loss, (sigma, sigma);
        ``F``, the network's output ``raw`` (``[2 B, C, T]``, or ``[B, C, T]`` and ``denoised`` empty without a DSM
        loss), is cut from the student's graph, so that losses are differentiated at it."""
        t, s, z, omega, text = self.grid[draws.t], self.grid[draws.s], z_t, draws.omega, conditioning
        if self.config.dsm:
            t, s = torch.cat([t, draws.sigma]), torch.cat([s, draws.sigma])
            z = torch.cat([z_t, z_0 + column(draws.sigma) * draws.dsm_noise])
            omega, text = omega.repeat(2), Conditioning.cat([conditioning, conditioning])
        raw = self.trainee.network(column(c_in(t)) * z, c_noise(t), text, c_noise_s=c_noise(s), omega=omega)
        F = raw.detach().float().requires_grad_()
        aim, denoised = precondition(F, z, t).split([len(z_t), len(z) - len(z_t)])
        return raw, F, towards(z_t, aim, self.grid[draws.t], self.grid[draws.s]), denoised

    def weight(self, ctm_at_F: Tensor, at_F: Tensor) -> float:
        """``|grad L_CTM| / |grad L|`` at the last layer, over the batch of all processes (Eq. 9)."""
        norms = [self.world.mean(self.last_layer.gradient(each)).norm() for each in (ctm_at_F, at_F)]
        return float(norms[0] / norms[1].clamp_min(1e-8))

    def backward(self, z_0: Tensor, conditioning: Conditioning, index: int, part: int, rows: slice) -> Figures:
        """Add the gradient of ``L_CTM + lambda_DSM L_DSM [+ lambda_GAN L_GAN]`` (Eq. 9) of one part of a batch."""
        config, device = self.config, self.world.device
        shape = torch.Size((config.batch // config.accumulate, *z_0.shape[1:]))
        generator = generator_of(config.seed, index, part)
        draws = share(StudentDraws.draw(shape, config, generator), rows, device)
        with arithmetic(config.precision, device.type):
            z_t = z_0 + column(self.grid[draws.t]) * draws.noise
            z_target = self.target(z_t, draws, conditioning)
            raw, F, z_est, denoised = self.predictions(z_0, z_t, draws, conditioning)
            # Each loss has a graph of its own down to here; only the preconditioning is gone through several times.
            estimate, clean = (z.detach().requires_grad_() for z in (z_est, denoised))
            losses = {"ctm": self.distance(z_target, estimate, draws, conditioning).mean()}
            if config.dsm:
                losses["dsm"] = dsm_loss(clean, z_0, draws.sigma)
            if self.adversary is not None:
                losses |= self.judged(self.adversary, z_0, estimate, draws, conditioning, generator)
        figures = {name: float(self.world.mean(value.detach())) for name, value in losses.items()}
        ends = {"ctm": (estimate, z_est), "dsm": (clean, denoised), "gan": (estimate, z_est)}
        at_F = {}
        for name in (each for each in ends if each in losses):
            leaf, end = ends[name]
            (at_end,) = torch.autograd.grad(losses[name], leaf)
            (at_F[name],) = torch.autograd.grad(end, F, at_end, retain_graph=True)
        return figures | self._combine(raw, at_F)

    def _combine(self, raw: Tensor, at_F: dict[str, Tensor]) -> Figures:
        """Go back through the student, once, with the weighted sum of the losses' gradients at its output."""
        total, weights = at_F["ctm"], {}
        factors = {"dsm": self.config.dsm_weight, "gan": self.config.gan.weight if self.config.gan else 0.0}
        for name, factor in factors.items():
            if name in at_F:
                weights[f"lambda_{name}"] = weight = factor * self.weight(at_F["ctm"], at_F[name])
                total = total + weight * at_F[name]
        raw.backward((total / self.config.accumulate).to(raw.dtype))
        return weights

    def judged(
        self, adversary: Adversary, z_0: Tensor, z_est: Tensor, draws: StudentDraws, conditioning: Conditioning,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:  # fmt: skip
        """The adversarial loss of the estimates at the lowest level, and the discriminators' own, whose gradient is
        added to theirs."""
        real, fake = adversary.crops(z_0, self.at_end(z_est, draws, conditioning), generator)
        gan = adversary.generator_loss(fake)
        return {"gan": gan, "discriminator": adversary.learn(real, fake, self.config.accumulate)}

    def at_end(self, z_s: Tensor, draws: StudentDraws, conditioning: Conditioning) -> Tensor:
        """One more jump of the target network, from s to the lowest level."""
        sg = self.trainee.averages[TARGET].module
        return jump(sg, z_s, self.grid[draws.s], self.config.sigma_min, draws.omega, conditioning)

    def update(self, rate: float) -> Figures:
        norms = super().update(rate)
        if self.adversary is not None:
            norms["discriminator_grad"] = self.adversary.trainee.update(rate)
        return norms
