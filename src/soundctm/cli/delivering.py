"""What ``soundctm deliver``, ``verify`` and ``info`` share: names by UCS, origins, and figures in words."""

from dataclasses import asdict, dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from soundctm.errors import UserError

UNGATED = "shorter than 400 ms: its loudness is ungated, by a rule of soundctm's own; other meters may say -70 LUFS"

if TYPE_CHECKING:
    from soundctm.audio import Clip
    from soundctm.delivery.loudness import Loudness
    from soundctm.delivery.names import UcsName
    from soundctm.delivery.process import Delivered
    from soundctm.delivery.provenance import Origin
    from soundctm.delivery.tags import Tags
    from soundctm.delivery.ucs import Catalogue, Category, Embed, Suggestion


@dataclass(frozen=True)
class Naming:
    """How files are named: by UCS where a list or a CatID is given, else as they were."""

    ucs: Path | None
    cat_id: str | None
    creator: str
    source_id: str
    fx_name: str
    user_data: str
    model: str

    def __post_init__(self) -> None:
        used = bool(self.ucs or self.cat_id)
        if used and not (self.creator and self.source_id):
            raise UserError("a UCS name needs --creator and --source-id, for example --creator ABC --source-id NONE")
        if not used and (self.fx_name or self.source_id or self.user_data):
            raise UserError("--fx-name, --source-id and --user-data are for UCS names; give --catid or --ucs as well")
        catalogue = self.catalogue
        if self.cat_id:
            self._name(self.cat_id if catalogue is None else catalogue.spelled(self.cat_id), "x")

    @cached_property
    def catalogue(self) -> "Catalogue | None":
        """The list, read once."""
        from soundctm.delivery.ucs import read_catalogue

        return None if self.ucs is None else read_catalogue(self.ucs)

    @cached_property
    def embed(self) -> "Embed":
        """The sentence vectors of a model's text encoder, computed once for all files."""
        import torch

        from soundctm.conditioning.mini import MiniTextEncoder
        from soundctm.delivery.ucs import Remembered
        from soundctm.folder import locate, read_parts

        encoder = read_parts(locate(self.model)).text_encoder
        if not isinstance(encoder, MiniTextEncoder):
            raise UserError(
                f"the text encoder of {self.model} is not of kind mini, which suggesting needs; give --catid"
            )
        return Remembered(torch.inference_mode()(lambda text: encoder.encode([text]).tokens[0, 0].float().numpy()))

    def of(self, prompt: str) -> "tuple[UcsName | None, Category | None, list[Suggestion]]":
        """Name, category and what was suggested for a prompt; a suggestion below the threshold is refused."""
        if self.cat_id and self.catalogue is not None:
            return self._name(self.catalogue.spelled(self.cat_id), prompt), self.catalogue.find(self.cat_id), []
        if self.cat_id:
            return self._name(self.cat_id, prompt), None, []
        if self.catalogue is None:
            return None, None, []
        if not prompt:
            raise UserError("it has no prompt to suggest a category from; give --catid")
        found = self.catalogue.suggest(prompt, self.embed)
        if not found[0].confident:
            from soundctm.delivery.ucs import THRESHOLD

            near = ", ".join(f"{each.category.cat_id} {each.score:.2f}" for each in found)
            raise UserError(f"no category is near enough to {prompt!r} ({THRESHOLD} is needed; {near}); give --catid")
        return self._name(found[0].category.cat_id, prompt), found[0].category, found

    def _name(self, cat_id: str, prompt: str) -> "UcsName":
        from soundctm.delivery.names import UcsName, fx_name_of

        return UcsName.of(
            cat_id, self.fx_name or fx_name_of(prompt or "Sound"), self.creator, self.source_id, self.user_data
        )


def origin_of(clip: "Clip", licence: str = "") -> "Origin | None":
    """Origin of a clip with a recipe; the licence that is given, or that of the model's card where it lies here."""
    from soundctm.delivery.provenance import Origin, licence_in
    from soundctm.folder import card

    return None if clip.recipe is None else Origin(clip.recipe, licence or licence_in(card(clip.recipe.model)))


def figures(loudness: "Loudness") -> dict[str, Any]:
    """LUFS, LU and dBTP to two decimals; None for what is not defined or silent, as JSON knows no infinity."""
    numbers = {
        key: None if value is None or not isfinite(value) else round(value, 2)
        for key, value in asdict(loudness).items()
        if key != "ungated"
    }
    return {**numbers, "ungated": loudness.ungated}


def outcome(
    path: Path, target: Path, delivered: "Delivered", tags: "Tags", suggestions: "list[Suggestion]"
) -> dict[str, Any]:
    """What was delivered, for ``--json``."""
    from soundctm.delivery.process import clipped_samples

    clip, report = delivered.clip, delivered.report
    return {
        "source": str(path), "file": str(target), "format": delivered.delivery.format, "sample_rate": clip.sample_rate,
        "channels": len(clip.samples), "seconds": round(clip.duration, 6), "loops": clip.loops,
        "gain": round(report.gain, 2), "reached": report.reached, "before": figures(report.before),
        "after": figures(report.after), "steps": list(report.steps),
        "clipped": clipped_samples(clip, delivered.delivery.format), "ucs": tags.ucs_fields,
        "suggestions": [{"catid": s.category.cat_id, "score": round(s.score, 3)} for s in suggestions],
        "origin": tags.statement, "left_behind": tags.carried.left_behind(delivered, recorded=tags.origin is None),
    }  # fmt: skip


def _decibels(value: float | None, unit: str) -> str:
    return f"silent ({unit})" if value is None else f"{value:.1f} {unit}"


def say_delivered(found: dict[str, Any]) -> None:
    """Say what was delivered, and what did not come out as it was asked for."""
    console = Console(soft_wrap=True, highlight=False)
    level = _decibels(found["after"]["integrated"], "LUFS")
    level += ", " + _decibels(found["after"]["true_peak"], "dBTP")
    console.print(f"{found['file']}   {level}, gain {found['gain']:+.1f} dB", markup=False)
    notes = [] if found["reached"] else ["the ceiling keeps it below the loudness that was asked for"]
    notes += [UNGATED] if found["after"]["ungated"] else []
    notes += [f"{found['clipped']} samples beyond full scale were cut"] if found["clipped"] else []
    if found["suggestions"]:
        notes.append("suggested: " + ", ".join(f"{s['catid']} {s['score']:.2f}" for s in found["suggestions"]))
    notes += ["does not go along: " + ", ".join(found["left_behind"])] if found["left_behind"] else []
    for note in notes:
        console.print(f"  {note}", markup=False)
