"""The students that are trained, and under which settings takes are made."""

from dataclasses import dataclass
from typing import Any

from soundctm.training.config import StudentTraining, read_config
from soundctm.training.discriminators import DiscriminatorConfig
from soundctm.training.gan import GanLoss

CONFIG = "reproduce/student"
SEEDS = (0, 1, 2)
BASELINE = "d_teacher"

# Some 90,000 parameters: the full discriminators cost several times the student itself on a CPU.
SMALL_GAN = GanLoss(
    discriminators=DiscriminatorConfig(periods=(2, 5), period_widths=(8, 16, 32), windows=(1024,), band_width=8)
)
VARIANTS: dict[str, dict[str, Any]] = {
    BASELINE: {},
    "l2_s": {"distance": "l2_s"},
    "l2_0": {"distance": "l2_0"},
    "no_dsm": {"dsm": False},
    "gan": {"gan": SMALL_GAN},
}
# Steps in which each trained student is measured: those of the table it stands in.
VARIANT_STEPS: dict[str, tuple[int, ...]] = {
    BASELINE: (1, 2, 4, 8, 16),
    "l2_s": (1, 16),
    "l2_0": (1, 16),
    "no_dsm": (1, 8, 16),
    "gan": (1, 2, 4),
}
SHIPPED_STEPS = (1, 2, 4, 8, 16)
GAMMAS = (0.2, 0.5, 1.0)
GRID_STEPS = (1, 8)
NUS = (1.0, 1.5, 2.0, 3.0, 4.0)
OMEGAS = (1.0, 2.0, 3.0, 4.0, 5.0)
TEACHER_STEPS = 40


@dataclass(frozen=True)
class Setting:
    """How takes are made; ``omega`` None is the model's default."""

    steps: int
    omega: float | None = None
    nu: float = 1.0
    gamma: float = 0.0

    @property
    def name(self) -> str:
        """A file name."""
        omega = "" if self.omega is None else f"-omega{self.omega:g}"
        return f"steps{self.steps}{omega}-nu{self.nu:g}-gamma{self.gamma:g}"


def training_of(variant: str, seed: int, steps: int) -> StudentTraining:
    """The configuration of one training: the shipped one with the variant's changes."""
    base = read_config(CONFIG, StudentTraining).model_dump()
    return StudentTraining.model_validate({**base, **VARIANTS[variant], "steps": steps, "seed": seed})


def shipped_settings() -> list[Setting]:
    """Of the model's own student: the steps of Tables 2 and 3, and the gammas of Table 7."""
    return [Setting(steps) for steps in SHIPPED_STEPS] + [Setting(16, gamma=gamma) for gamma in GAMMAS]


def grid_settings(omega: float) -> list[Setting]:
    """One row of the nu x omega grid."""
    return [Setting(steps, omega, nu) for steps in GRID_STEPS for nu in NUS]
