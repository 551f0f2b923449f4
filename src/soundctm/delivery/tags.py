"""What a delivered file says of itself, before it is put into chunks or comments."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isinf

from soundctm.audio.comments import RECIPE_COMMENT
from soundctm.audio.origin import SYNTHETIC, Origin, clean
from soundctm.delivery.loudness import Loudness
from soundctm.delivery.names import UcsName
from soundctm.delivery.process import DELIVERIES, Delivered
from soundctm.delivery.ucs import Category

DELIVERIES_CHUNK = b"sctd"  # beside the recipe
DELIVERIES_COMMENT = "SOUNDCTM_DELIVERIES"
UNKNOWN_ORIGIN = "origin unknown: no recipe came with this sound"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tags:
    """``title`` names the sound; ``when`` is its date and time, brought to UTC. Nothing else is drawn from a clock: the
    same call gives the same bytes. ``origin`` is None for a recording; ``name`` and ``category`` are those of UCS,
    where it is used."""

    title: str
    when: datetime = EPOCH
    creator: str = ""
    project: str = ""
    copyright: str = ""
    origin: Origin | None = None
    name: UcsName | None = None
    category: Category | None = None
    keywords: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for name in ("title", "creator", "project", "copyright"):
            object.__setattr__(self, name, clean(getattr(self, name)))
        object.__setattr__(self, "keywords", tuple(map(clean, self.keywords)))
        object.__setattr__(self, "when", self.when.astimezone(UTC))

    @property
    def statement(self) -> str:
        """The sentence on the origin."""
        return UNKNOWN_ORIGIN if self.origin is None else self.origin.statement

    @property
    def rights(self) -> str:
        """Copyright and licence, as far as they were stated."""
        licence = "" if self.origin is None else self.origin.rights
        return "; ".join(part for part in (self.copyright, licence) if part)

    @property
    def all_keywords(self) -> tuple[str, ...]:
        """Category, given keywords, and that the sound is synthetic."""
        category = () if self.category is None else (clean(self.category.category), clean(self.category.sub_category))
        made = () if self.origin is None else (SYNTHETIC,)
        return tuple(dict.fromkeys((*category, *self.keywords, *made)))

    @property
    def ucs_fields(self) -> dict[str, str]:
        """The UCS fields that are known, by their usual names in capitals."""
        fields: dict[str, str] = {}
        if self.category is not None:
            category, sub_category = clean(self.category.category), clean(self.category.sub_category)
            fields |= {"CATEGORY": category, "SUBCATEGORY": sub_category, "CATEGORYFULL": f"{category}-{sub_category}"}
        if self.name is not None:
            fields |= {
                "CATID": self.name.cat_id, "FXNAME": self.name.fx_name, "CREATORID": self.name.creator,
                "SOURCEID": self.name.source, "USERDATA": self.name.user_data,
            }  # fmt: skip
        return {name: text for name, text in fields.items() if text}


def loudness_fields(loudness: Loudness) -> dict[str, float]:
    """The five figures of EBU Tech 3285 that are defined and finite, LUFS, LU and dBTP, by their names in iXML."""
    fields = {
        "LOUDNESS_VALUE": loudness.integrated, "LOUDNESS_RANGE": loudness.range,
        "MAX_TRUE_PEAK_LEVEL": loudness.true_peak, "MAX_MOMENTARY_LOUDNESS": loudness.momentary,
        "MAX_SHORT_TERM_LOUDNESS": loudness.short_term,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None and not isinf(value)}


def comments(delivered: Delivered, tags: Tags) -> dict[str, str]:
    """Vorbis comments of a FLAC or Ogg file; those without a text are left out."""
    figures = {name: f"{value:.2f}" for name, value in loudness_fields(delivered.report.after).items()}
    figures |= {"LOUDNESS_UNGATED": "yes"} if delivered.report.after.ungated else {}  # under 400 ms
    found = {
        "TITLE": tags.title, "ARTIST": tags.creator, "ALBUM": tags.project, "COPYRIGHT": tags.copyright,
        "DATE": f"{tags.when:%Y-%m-%d}", "COMMENT": tags.statement, "GENRE": "; ".join(tags.all_keywords),
        **tags.ucs_fields, **figures,
    }  # fmt: skip
    if tags.origin is not None:
        found |= {
            "ENCODER": tags.origin.software, "LICENSE": tags.origin.licence, "SYNTHETIC": "yes",
            "MODEL": tags.origin.model_name, "MODEL_HASH": tags.origin.recipe.model_hash,
            RECIPE_COMMENT: tags.origin.recipe.model_dump_json(),
            DELIVERIES_COMMENT: DELIVERIES.dump_json(delivered.deliveries).decode(),
        }  # fmt: skip
    if delivered.clip.loops:
        found |= {"LOOPSTART": "0", "LOOPLENGTH": str(delivered.clip.samples.shape[1])}
    return {name: text for name, text in found.items() if text}
