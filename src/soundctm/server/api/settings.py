"""What a server is told when it starts."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from soundctm.errors import UserError

STATIC = Path(__file__).parent.parent / "static"
SHORTEST_TOKEN = 16
_ANY = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class UploadLimits:
    """What an upload may be: ``size`` bytes that arrive within ``patience`` s; ``values`` samples over all channels at
    most, decoded within ``seconds`` by a process of at most ``memory`` bytes; ``parallel`` of them at a time."""

    size: int = 256 * 2**20
    patience: float = 120.0
    values: int = 60_000_000
    seconds: float = 20.0
    memory: int = 2**31
    parallel: int = 2


@dataclass(frozen=True)
class Settings:
    """Where a server listens and what it accepts.

    ``host`` is an address of this machine; ``port`` the one it really listens at. ``token`` must come with every
    request where it is given, and must be given where ``host`` is not this machine's own. ``names`` are further names
    that this machine is called by. ``page`` is the folder of the built page, None to serve the API alone. ``body`` is
    the most bytes of JSON; ``alive`` the seconds between signs of life in a stream of events, ``pause`` those between
    two events of a job, ``look`` those between two looks for changes that other processes made. ``drawn`` is how many
    sounds are drawn at one time: each is in memory then.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    names: tuple[str, ...] = ()
    page: Path | None = STATIC
    body: int = 2**20
    uploads: UploadLimits = field(default_factory=UploadLimits)
    alive: float = 15.0
    pause: float = 0.05
    look: float = 0.25
    drawn: int = 2

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise UserError(
                f"{self.host or 'every address'} can be reached from other machines, which needs a token; give one "
                "with --token, or leave --host out"
            )
        if self.token is not None and (len(self.token) < SHORTEST_TOKEN or not _plain(self.token)):
            raise UserError(f"the token must have {SHORTEST_TOKEN} or more letters, digits, - and _")

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the server."""
        host = "127.0.0.1" if self.host in _ANY else self.host
        return f"http://{_bracketed(host)}:{self.port}/"

    def accepts(self, name: str) -> bool:
        """Whether a ``Host`` header names this server. A page of elsewhere that lets its own name point here is told
        from ours by it; a numeric address cannot be made to point elsewhere, so any will do where all are bound."""
        host, port = _parted(name.lower())
        if port != str(self.port):
            return False
        known = {"127.0.0.1", "localhost", "::1", self.host.lower(), *(each.lower() for each in self.names)}
        return host in known - {""} or (self.host in _ANY and _is_number(host))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parted(name: str) -> tuple[str, str]:
    """Host without brackets, and port; 80 where none is given."""
    if name.startswith("["):
        host, _, rest = name[1:].partition("]")
        return host, rest.removeprefix(":") or "80"
    host, _, port = name.partition(":")
    return host, port or "80"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _plain(token: str) -> bool:
    return token.isascii() and token.replace("-", "").replace("_", "").isalnum()
