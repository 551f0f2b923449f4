"""What the file of a sound said of it, and what of that goes along when it is delivered: what others wrote stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree

from soundctm.delivery.process import Delivered

UCS_CATEGORY = ("CATEGORY", "SUBCATEGORY", "CATEGORYFULL")
UCS_NAMES = ("CATID", "FXNAME", "CREATORID", "SOURCEID", "USERDATA")
TIMES = ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", "TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO")  # in SPEED of iXML
LATEST = 2**64 - 1  # sample that bext has room for
POSITIONS = "SYNC_POINT_LIST"  # of iXML; places in samples


@dataclass(frozen=True)
class Carried:
    """Fields are empty where the file did not say.

    ``remarks`` are texts of people by the kind of place they stood in (``bext``, ``info``, ``ixml``, ``comments``), but
    for our own sentence on the origin, which is made anew. ``ixml`` is the document, ``info`` and ``comments`` are
    fields, each without what is written anew. ``dropped`` names what nothing here can carry. ``sample_rate`` is that of
    the file, which ``time_reference`` counts in.
    """

    title: str = ""
    creator: str = ""
    project: str = ""
    copyright: str = ""
    licence: str = ""
    when: datetime | None = None
    ucs: Mapping[str, str] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
    originator: str = ""
    reference: str = ""
    history: tuple[str, ...] = ()
    time_reference: int = 0
    umid: bytes = b""
    ixml: ElementTree.Element | None = None
    info: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    sample_rate: int = 0

    def remark(self, *kinds: str) -> str:
        """The text of the first of these places that has one, or of any."""
        found = (self.remarks[kind] for kind in (*kinds, *self.remarks) if kind in self.remarks)
        return next(found, "")

    def time_in(self, delivered: Delivered) -> int:
        """The time reference in samples of what is delivered; 0 where a trim has moved its start."""
        if delivered.delivery.trim or not self.sample_rate:
            return 0
        return min(self.time_reference * delivered.clip.sample_rate // self.sample_rate, LATEST)

    def document(self, delivered: Delivered) -> ElementTree.Element | None:
        """A copy of the iXML document without times and places that are no longer true."""
        if self.ixml is None:
            return None
        root = ElementTree.fromstring(ElementTree.tostring(self.ixml))
        speed = root.find("SPEED")
        if delivered.delivery.trim and speed is not None:
            without(speed, TIMES)
        if delivered.delivery.trim or delivered.clip.sample_rate != self.sample_rate:
            without(root, (POSITIONS,))
        return root

    def left_behind(self, delivered: Delivered, recorded: bool) -> list[str]:
        """What does not go along, in words; ``recorded`` where no recipe says how the sound came about."""
        missing = list(self.dropped)
        if not delivered.delivery.format.startswith("wav"):
            missing += self._only_in_wav() if recorded else []
            missing += [f"iXML {name}" for name in _names(self.ixml)] + [f"INFO {name}" for name in self.info]
            return missing
        if self.time_reference and not self.time_in(delivered):
            missing.append("the time reference (a trim moves the start)")
        gone = [name for name in _names(self.ixml) if name not in _names(self.document(delivered))]
        return missing + [f"iXML {name}" for name in gone] + [f"comment {name}" for name in self.comments]

    def _only_in_wav(self) -> list[str]:
        values = {
            "originator": self.originator if self.originator != self.creator else "", "reference": self.reference,
            "coding history": self.history, "time reference": self.time_reference, "UMID": self.umid,
        }  # fmt: skip
        return [f"bext {name}" for name, value in values.items() if value]


NOTHING = Carried()


def without(parent: ElementTree.Element, names: tuple[str, ...]) -> None:
    """Take children of these names out of an element."""
    for child in [child for child in parent if child.tag in names]:
        parent.remove(child)


def _names(root: ElementTree.Element | None) -> list[str]:
    """What a document tells: its elements, and the fields of those that are written here as well. Tracks are those of
    the file in any case."""
    if root is None:
        return []
    fields = [f"{part.tag} {each.tag}" for part in root if part.tag in ("USER", "ASWG", "SPEED") for each in part]
    return [part.tag for part in root if part.tag not in ("USER", "ASWG", "SPEED", "TRACK_LIST")] + fields
