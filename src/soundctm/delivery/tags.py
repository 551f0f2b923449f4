"""What a delivered file says of itself, before it is put into chunks or comments."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isinf

from soundctm.audio import Clip
from soundctm.audio.comments import RECIPE_COMMENT
from soundctm.audio.origin import SYNTHETIC, Origin, clean
from soundctm.delivery.carried import NOTHING, UCS_CATEGORY, UCS_NAMES, Carried
from soundctm.delivery.loudness import Loudness
from soundctm.delivery.names import UcsName
from soundctm.delivery.process import DELIVERIES, Delivered
from soundctm.delivery.ucs import Category

DELIVERIES_CHUNK = b"sctd"  # beside the recipe
DELIVERIES_COMMENT = "SOUNDCTM_DELIVERIES"
# What is written anew into comments; all else that stands there is of others.
COMMENTS = {
    "TITLE", "ARTIST", "ALBUM", "COPYRIGHT", "DATE", "COMMENT", "GENRE", "ENCODER", "LICENSE", "SYNTHETIC", "MODEL",
    "MODEL_HASH", "LOUDNESS_VALUE", "LOUDNESS_RANGE", "MAX_TRUE_PEAK_LEVEL", "MAX_MOMENTARY_LOUDNESS",
    "MAX_SHORT_TERM_LOUDNESS", "LOUDNESS_UNGATED", *UCS_CATEGORY, *UCS_NAMES,
}  # fmt: skip
UNKNOWN_ORIGIN = "origin unknown: no recipe came with this sound"


@dataclass(frozen=True)
class Tags:
    """``title`` names the sound; ``when`` is its date and time, brought to UTC; where it is None, the file says none.
    Nothing is drawn from a clock: the same call gives the same bytes. ``origin`` is None for a recording; ``name`` and
    ``category`` are those of UCS, where it is used. Where these fields are empty, what is ``carried`` from the file
    before stands in their place."""

    title: str
    when: datetime | None = None
    creator: str = ""
    project: str = ""
    copyright: str = ""
    origin: Origin | None = None
    name: UcsName | None = None
    category: Category | None = None
    keywords: tuple[str, ...] = field(default=())
    carried: Carried = NOTHING

    def __post_init__(self) -> None:
        for name in ("creator", "project", "copyright"):
            object.__setattr__(self, name, clean(getattr(self, name) or getattr(self.carried, name)))
        object.__setattr__(self, "title", clean(self.title))
        object.__setattr__(self, "keywords", tuple(map(clean, self.keywords or self.carried.keywords)))
        moment = self.when or self.carried.when
        object.__setattr__(self, "when", None if moment is None else moment.astimezone(UTC))

    @property
    def day(self) -> str:
        """The date in ISO 8601; empty where there is none."""
        return "" if self.when is None else f"{self.when:%Y-%m-%d}"

    @property
    def time(self) -> str:
        """The time of that day, by UTC."""
        return "" if self.when is None else f"{self.when:%H:%M:%S}"

    @property
    def statement(self) -> str:
        """The sentence on the origin."""
        return UNKNOWN_ORIGIN if self.origin is None else self.origin.statement

    def remark(self, *kinds: str) -> str:
        """The sentence on the origin, behind what others wrote in a place of these kinds; of a recording they know
        more than we do."""
        theirs = clean(self.carried.remark(*kinds))
        return " | ".join(part for part in (theirs, "" if theirs and self.origin is None else self.statement) if part)

    @property
    def rights(self) -> str:
        """Copyright and licence, as far as they were stated."""
        licence = "" if self.origin is None else self.origin.rights
        return "; ".join(part for part in (self.copyright, licence) if part)

    @property
    def all_keywords(self) -> tuple[str, ...]:
        """Category, given keywords, and that the sound is synthetic."""
        category = tuple(self.ucs_fields[name] for name in ("CATEGORY", "SUBCATEGORY") if name in self.ucs_fields)
        made = () if self.origin is None else (SYNTHETIC,)
        return tuple(dict.fromkeys((*category, *self.keywords, *made)))

    @property
    def ucs_fields(self) -> dict[str, str]:
        """The UCS fields that are known, by their usual names in capitals."""
        fields = {name: clean(text) for name, text in self.carried.ucs.items()}
        if self.name is not None:
            stays = UCS_CATEGORY if fields.get("CATID") == self.name.cat_id else ()
            fields = {name: fields[name] for name in stays if name in fields}
        if self.category is not None:
            category, sub_category = clean(self.category.category), clean(self.category.sub_category)
            fields |= dict(zip(UCS_CATEGORY, (category, sub_category, f"{category}-{sub_category}"), strict=True))
        if self.name is not None:
            name = self.name
            values = (name.cat_id, name.fx_name, name.creator, name.source, name.user_data)
            fields |= dict(zip(UCS_NAMES, values, strict=True))
        return {name: text for name, text in fields.items() if text}


def loudness_fields(loudness: Loudness) -> dict[str, float]:
    """The five figures of EBU Tech 3285 that are defined and finite, LUFS, LU and dBTP, by their names in iXML."""
    fields = {
        "LOUDNESS_VALUE": loudness.integrated, "LOUDNESS_RANGE": loudness.range,
        "MAX_TRUE_PEAK_LEVEL": loudness.true_peak, "MAX_MOMENTARY_LOUDNESS": loudness.momentary,
        "MAX_SHORT_TERM_LOUDNESS": loudness.short_term,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None and not isinf(value)}


def comments_on(origin: Origin) -> dict[str, str]:
    """What Vorbis comments say of where a sound comes from, the recipe among it."""
    return {
        "ENCODER": origin.software, "LICENSE": clean(origin.licence), "SYNTHETIC": "yes", "MODEL": origin.model_name,
        "MODEL_HASH": origin.recipe.model_hash, RECIPE_COMMENT: origin.recipe.model_dump_json(),
    }  # fmt: skip


def loop_points(clip: Clip) -> dict[str, str]:
    """The same of a sound that loops: all of it, in samples."""
    return {"LOOPSTART": "0", "LOOPLENGTH": str(clip.samples.shape[1])} if clip.loops else {}


def comments(delivered: Delivered, tags: Tags) -> dict[str, str]:
    """Vorbis comments of a FLAC or Ogg file; those without a text are left out."""
    figures = {name: f"{value:.2f}" for name, value in loudness_fields(delivered.report.after).items()}
    figures |= {"LOUDNESS_UNGATED": "yes"} if delivered.report.after.ungated else {}  # under 400 ms
    description = clean(tags.carried.remarks.get("bext", ""))
    found = {
        "TITLE": tags.title, "ARTIST": tags.creator, "ALBUM": tags.project, "COPYRIGHT": tags.copyright,
        "DATE": tags.day, "COMMENT": tags.remark("comments", "info"), "GENRE": "; ".join(tags.all_keywords),
        "LICENSE": tags.carried.licence, **tags.ucs_fields, **figures, **tags.carried.comments,
    }  # fmt: skip
    found |= {"DESCRIPTION": description} if description != tags.carried.remark("comments", "info") else {}
    if tags.origin is not None:
        found |= comments_on(tags.origin)
        found[DELIVERIES_COMMENT] = DELIVERIES.dump_json(delivered.deliveries).decode()
    found |= loop_points(delivered.clip)
    return {name: text for name, text in found.items() if text}
