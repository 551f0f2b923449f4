"""What a recording of trajectories, and a student that follows them, are going to do."""

from soundctm.backbones.dit import DiT, parameters
from soundctm.training.config import FollowTraining, Recording
from soundctm.training.data.source import LatentSource
from soundctm.training.following import check_way
from soundctm.training.memory import ALONE, Spread, following_memory
from soundctm.training.plan import Plan, budget_words, look, memory_words, schedule_words, size_words
from soundctm.training.starting import check_start
from soundctm.training.task import check_fit
from soundctm.training.trajectories import Trajectories, check_teacher, levels_of

HALF = 2  # bytes of a number on the disk


def recording_plan(config: Recording, teacher: DiT, source: LatentSource) -> Plan:
    """The plan of a recording; reads one batch of the data. What recording would refuse is a UserError."""
    check_teacher(teacher, source)
    frames, _, data = look(source, config.batch)
    levels = levels_of(config)
    each = HALF * source.channels * frames * len(levels)
    return Plan([
        ("data", data), ("teacher", f"{parameters(teacher.config):,} parameters"),
        ("solver", f"{config.solver_steps} guided Heun steps, omega {config.omega_min:g} .. {config.omega_max:g}"),
        ("levels", f"{len(levels)} of {config.solver_steps + 1} are kept, {float(levels[0]):g} .. "
                   f"{float(levels[-1]):g}"),
        ("schedule", f"{budget_words(config)} of {config.batch} trajectories, {size_words(each)} each"),
    ])  # fmt: skip


def following_plan(
    config: FollowTraining, student: DiT, trajectories: Trajectories, source: LatentSource, spread: Spread = ALONE
) -> Plan:
    """The plan of a student that follows trajectories; reads one batch of the data. What training would refuse is a
    UserError."""
    check_fit(config, student.config, source, spread.processes)
    check_start(config.start, student.config, student)
    check_way(config, student, trajectories, source)
    frames, tokens, data = look(source, config.batch)
    memory = following_memory(config, student.config, frames, tokens, spread)
    return Plan([
        ("data", data),
        ("trajectories", f"{len(trajectories):,} at {len(trajectories.levels)} levels"),
        ("student", f"{parameters(student.config):,} parameters"), ("schedule", schedule_words(config)),
        ("jumps", f"{config.from_top:.0%} from the highest level, {config.to_end:.0%} to the lowest, the others drawn"),
        ("losses", f"distance to the aim of each jump, DSM {config.dsm_weight:g}"),
        ("memory", memory_words(memory, spread)),
    ])  # fmt: skip
