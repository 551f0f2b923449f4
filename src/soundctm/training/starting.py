"""Going on with a backbone that was trained before."""

from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.errors import UserError
from soundctm.training.data.source import digest


def digest_of(backbone: DiT) -> str:
    """A digest of a backbone's weights."""
    return digest(*(p.detach().cpu().numpy().tobytes() for p in backbone.parameters()))


def check_start(start: str, sizes: DiTConfig, first: DiT | None) -> None:
    """UserError unless there is a trained backbone to go on with where, and only where, a configuration's ``start``
    asks for one by its role, and it has these sizes."""
    role = sizes.role
    if first is None and start == role:
        raise UserError(
            f'the configuration has start = "{role}": give the trained {role} to go on with (soundctm train: --start)'
        )
    if first is not None and start != role:
        raise UserError(f'a {role} to go on with needs start = "{role}"; the configuration has "{start}"')
    if first is not None and first.config != sizes:
        both = [(name, value, getattr(sizes, name)) for name, value in first.config]
        differing = [f"{name} {value} ({wanted} is asked for)" for name, value, wanted in both if value != wanted]
        raise UserError(f"the {role} to go on with has {', '.join(differing)}; give another, or train from scratch")
