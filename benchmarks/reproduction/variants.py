"""The students that are trained, and under which settings takes are made."""

from dataclasses import dataclass
from typing import Any

from soundctm.training.config import StudentTraining, read_config
from soundctm.training.discriminators import DiscriminatorConfig
from soundctm.training.gan import GanLoss

CONFIG = "reproduce/student"
SEEDS = (0, 1, 2)
BASELINE = "d_teacher"

# Some 40,000 parameters: the full discriminators cost several times the student itself on a CPU.
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
GAMMAS = (0.2, 0.5, 1.0)
GRID_STEPS = (1, 8, 16)
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

    @property
    def label(self) -> str:
        """Its name in a table."""
        return str(self.steps) if self.nu == 1.0 else f"{self.steps}, nu {self.nu:g}"


# What each trained student is measured in: the steps of the table it stands in. Table 11 has nu 5 in many steps.
MANY = Setting(16, nu=5.0)
VARIANT_SETTINGS: dict[str, tuple[Setting, ...]] = {
    BASELINE: (*map(Setting, (1, 2, 4, 8, 16)), MANY),
    "l2_s": tuple(map(Setting, (1, 8, 16))),
    "l2_0": tuple(map(Setting, (1, 8, 16))),
    "no_dsm": (*map(Setting, (1, 8, 16)), MANY),
    "gan": tuple(map(Setting, (1, 2, 4))),
}
# Of the model's own student, for Tables 2 and 3; 8 and 16 steps also with the nu of Table 2.
EIGHT_AS_IN_TABLE_2, AS_IN_TABLE_2 = Setting(8, nu=1.5), Setting(16, nu=2.0)
SHIPPED_SETTINGS = (*map(Setting, (1, 2, 4, 8)), EIGHT_AS_IN_TABLE_2, Setting(16), AS_IN_TABLE_2)


def training_of(variant: str, seed: int, steps: int) -> StudentTraining:
    """The configuration of one training: the shipped one with the variant's changes."""
    base = read_config(CONFIG, StudentTraining).model_dump()
    return StudentTraining.model_validate({**base, **VARIANTS[variant], "steps": steps, "seed": seed})


def shipped_settings() -> list[Setting]:
    """Of the model's own student."""
    return [*SHIPPED_SETTINGS, *(Setting(16, gamma=gamma) for gamma in GAMMAS)]


def grid_settings(omega: float) -> list[Setting]:
    """One row of the nu x omega grid."""
    return [Setting(steps, omega, nu) for steps in GRID_STEPS for nu in NUS]


def all_settings() -> list[str]:
    """Everything that is measured, by name."""
    trained = [f"{name} {setting.name}" for name, several in VARIANT_SETTINGS.items() for setting in several]
    shipped = [f"shipped {setting.name}" for setting in shipped_settings()]
    grid = [f"grid {setting.name}" for omega in OMEGAS for setting in grid_settings(omega)]
    return sorted([f"seeds {SEEDS}", *trained, *shipped, *grid])
