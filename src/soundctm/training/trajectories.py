"""Trajectories that a teacher has gone, on disk: what a student learns jumps from with no teacher beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundctm.audio.io import write_atomically
from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.guidance import guided_denoiser
from soundctm.diffusion.schedule import sigma_grid
from soundctm.diffusion.solvers import heun
from soundctm.errors import UserError
from soundctm.training.checkpoint import Stateful
from soundctm.training.config import Recording
from soundctm.training.data.source import LatentSource, digest
from soundctm.training.draws import generator_of
from soundctm.training.loop import Figures
from soundctm.training.precision import arithmetic
from soundctm.training.starting import digest_of
from soundctm.training.world import World

ABOUT = "trajectories.json"
ARRAYS = ("z", "omega", "tokens", "mask")


def levels_of(config: Recording) -> Tensor:
    """The noise levels that are written, ``[P]``, falling."""
    return sigma_grid(config.solver_steps, config.sigma_min, config.sigma_max, config.rho)[:: config.keep_every]


def check_teacher(teacher: DiT, source: LatentSource) -> None:
    """Raise UserError unless trajectories of a teacher can be recorded on these data."""
    if teacher.config.role != "teacher":
        raise UserError("trajectories are those of a teacher; received a student")
    sizes = (teacher.config.channels, teacher.config.context_dim)
    if sizes != (source.channels, source.context_dim):
        raise UserError(
            f"the teacher takes {sizes[0]} latent channels and text of {sizes[1]} numbers, the data have "
            f"{source.channels} and {source.context_dim}; prepare the data for this teacher"
        )


class RecordingTask:
    """What a :class:`~soundctm.training.loop.Loop` runs: step ``i`` solves batch ``i`` and writes ``NAME.i.npy`` for
    each array, a function of the configuration, the teacher and ``i`` alone, so that a killed run goes on."""

    def __init__(self, config: Recording, teacher: DiT, source: LatentSource, out: Path, world: World) -> None:
        check_teacher(teacher, source)
        self.config, self.source, self.out, self.world = config, source, out, world
        self.teacher = teacher.to(world.device).requires_grad_(False).eval()
        self.unconditional = source.unconditional().to(world.device)
        self.parts: Mapping[str, Stateful] = {}
        self.identity = {"data": source.identity, "teacher": digest_of(teacher)}

    @torch.no_grad()
    def step(self, index: int, progress: float) -> Figures:
        """Solve and write one batch; the standard deviation of where the trajectories end."""
        config, device = self.config, self.world.device
        batch = self.source.batch(index, config.batch, config.drop_caption).share(slice(None), device)
        generator = generator_of(config.seed, index)
        omega = config.omega_min + (config.omega_max - config.omega_min) * torch.rand(config.batch, generator=generator)
        z = (config.sigma_max * torch.randn(batch.z_0.shape, generator=generator)).to(device)
        kept = [z]

        def keep(step: int, steps: int, z: Tensor) -> None:
            if step % config.keep_every == 0:
                kept.append(z)

        D = guided_denoiser(self.teacher, batch.conditioning, self.unconditional, omega.to(device))
        grid = sigma_grid(config.solver_steps, config.sigma_min, config.sigma_max, config.rho)
        with arithmetic(config.precision, device.type):
            heun(D, z, grid.to(device), keep)
        text = batch.conditioning
        arrays = (torch.stack(kept, 1), omega, text.tokens, text.mask)
        for name, array in zip(ARRAYS, arrays, strict=True):
            self._write(f"{name}.{index}.npy", array)
        return {"std": float(kept[-1].float().std())}

    def _write(self, name: str, array: Tensor) -> None:
        values = array.half() if array.dtype.is_floating_point else array
        write_atomically(self.out / name, lambda file: np.save(file, values.cpu().numpy()))

    def inspect(self, index: int) -> Mapping[str, Any]:
        """What a batch was made of."""
        return self.source.describe(index, self.config.batch)

    def close(self) -> None:
        """Say that they are there, and how many batches."""
        batches = next(i for i in count() if not (self.out / f"{ARRAYS[-1]}.{i}.npy").exists())
        about = {"batches": batches, "config": self.config.model_dump(mode="json"), **self.identity}
        write_atomically(self.out / ABOUT, lambda file: file.write(json.dumps(about, indent=1).encode()))


@dataclass(frozen=True)
class Stretch:
    """Parts of trajectories: ``z_t``, ``z_s [B, C, T]`` at levels ``t > s [B]``, and what was said, ``omega [B]``."""

    z_t: Tensor
    z_s: Tensor
    t: Tensor
    s: Tensor
    omega: Tensor
    conditioning: Conditioning

    def share(self, rows: slice, device: torch.device) -> "Stretch":
        """The rows of one process, on its device."""
        text = Conditioning(self.conditioning.tokens[rows].to(device), self.conditioning.mask[rows].to(device))
        z_t, z_s, t, s, omega = (
            each[rows].to(device) for each in (self.z_t, self.z_s, self.t, self.s, self.omega)
        )  # fmt: skip
        return Stretch(z_t, z_s, t, s, omega, text)


class Trajectories:
    """A folder that a :class:`RecordingTask` has finished; the latents stay on the disk."""

    def __init__(self, folder: Path) -> None:
        try:
            about = json.loads((folder / ABOUT).read_text())
            self.config = Recording.model_validate(about["config"])
            self.shards = [self._shard(folder, i) for i in range(about["batches"])]
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{folder} holds no recorded trajectories ({error}); record them first") from error
        self.levels = levels_of(self.config)
        self.identity = digest(json.dumps(about, sort_keys=True).encode())

    @staticmethod
    def _shard(folder: Path, number: int) -> dict[str, np.ndarray]:
        return {name: np.load(folder / f"{name}.{number}.npy", mmap_mode="r") for name in ARRAYS}

    def __len__(self) -> int:
        return len(self.shards) * self.config.batch

    @property
    def sizes(self) -> tuple[int, int]:
        """Latent channels, and numbers of a text token."""
        first = self.shards[0]
        return first["z"].shape[2], first["tokens"].shape[2]

    def draw(self, size: int, from_top: float, to_end: float, generator: torch.Generator) -> Stretch:
        """``size`` stretches of any trajectories: begin and end drawn evenly, but for the shares that begin at the
        highest level and that end at the lowest."""
        last = len(self.levels) - 1
        rows = torch.randint(len(self), (size,), generator=generator)
        i = torch.randint(last, (size,), generator=generator)
        i[torch.rand(size, generator=generator) < from_top] = 0
        j = i + 1 + (torch.rand(size, generator=generator) * (last - i)).long()
        j[torch.rand(size, generator=generator) < to_end] = last
        places = [divmod(row, self.config.batch) for row in rows.tolist()]
        z_t, z_s = (self._at(places, index.tolist()) for index in (i, j))
        omega = torch.tensor([float(self.shards[a]["omega"][b]) for a, b in places])
        return Stretch(z_t, z_s, self.levels[i], self.levels[j], omega, self._said(places))

    def _at(self, places: list[tuple[int, int]], index: list[int]) -> Tensor:
        rows = [self.shards[a]["z"][b, i] for (a, b), i in zip(places, index, strict=True)]
        return torch.from_numpy(np.stack(rows)).float()

    def _said(self, places: list[tuple[int, int]]) -> Conditioning:
        tokens = [torch.from_numpy(np.array(self.shards[a]["tokens"][b])).float() for a, b in places]
        masks = [torch.from_numpy(np.array(self.shards[a]["mask"][b])) for a, b in places]
        pad = torch.nn.utils.rnn.pad_sequence
        return Conditioning(pad(tokens, batch_first=True), pad(masks, batch_first=True))
