"""What ``soundctm deliver``, ``verify`` and ``info`` share: names by UCS, origins, and figures in words."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from soundctm.errors import UserError

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

    ucs_list: Path | None
    cat_id: str | None
    creator: str
    source: str
    fx_name: str
    user_data: str
    model: str

    def __post_init__(self) -> None:
        used = bool(self.ucs_list or self.cat_id)
        if used and not (self.creator and self.source):
            raise UserError("a UCS name needs --creator and --source, for example --creator ABC --source NONE")
        if not used and (self.fx_name or self.source or self.user_data):
            raise UserError("--fx-name, --source and --user-data are for UCS names; give --catid or --ucs-list as well")
        if self.cat_id:
            self._name(self.cat_id, "x")
        if self.catalogue is not None and self.cat_id:
            self.catalogue.find(self.cat_id)

    @cached_property
    def catalogue(self) -> "Catalogue | None":
        """The list, read once."""
        from soundctm.delivery.ucs import read_catalogue

        return None if self.ucs_list is None else read_catalogue(self.ucs_list)

    @cached_property
    def embed(self) -> "Embed":
        """The sentence vectors of a model's text encoder."""
        import torch

        from soundctm.conditioning.mini import MiniTextEncoder
        from soundctm.folder import locate, read_parts

        encoder = read_parts(locate(self.model)).text_encoder
        if not isinstance(encoder, MiniTextEncoder):
            raise UserError(
                f"the text encoder of {self.model} is not of kind mini, which suggesting needs; give --catid"
            )
        return torch.inference_mode()(lambda texts: encoder.sentences(texts).numpy())

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
            cat_id, self.fx_name or fx_name_of(prompt or "Sound"), self.creator, self.source, self.user_data
        )


def origin_of(clip: "Clip", licence: str = "") -> "Origin | None":
    """Origin of a clip with a recipe; the licence that is given, or that of the model's card where it lies here."""
    from soundctm.delivery.provenance import NOT_STATED, Origin, licence_in
    from soundctm.folder import SHIPPED, shipped_models

    if clip.recipe is None:
        return None
    folder = SHIPPED / clip.recipe.model if clip.recipe.model in shipped_models() else Path(clip.recipe.model)
    card = folder / "README.md"
    known = licence_in(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else NOT_STATED
    return Origin(clip.recipe, licence or known)


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
    from soundctm.delivery.formats import clipped_samples

    clip, report = delivered.clip, delivered.report
    return {
        "source": str(path), "file": str(target), "format": delivered.delivery.format, "sample_rate": clip.sample_rate,
        "channels": len(clip.samples), "seconds": round(clip.duration, 6), "loops": clip.loops,
        "gain": round(report.gain, 2), "reached": report.reached, "before": figures(report.before),
        "after": figures(report.after), "steps": list(report.steps),
        "clipped": clipped_samples(clip, delivered.delivery.format), "ucs": tags.ucs_fields,
        "suggestions": [{"catid": s.category.cat_id, "score": round(s.score, 3)} for s in suggestions],
        "origin": tags.statement,
    }  # fmt: skip


def _decibels(value: float | None, unit: str) -> str:
    return f"silent ({unit})" if value is None else f"{value:.1f} {unit}"


def say_delivered(results: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Say what was delivered, each file as it is done, and what did not come out as it was asked for."""
    if as_json:
        sys.stdout.write(json.dumps({"files": list(results)}) + "\n")
        return
    console = Console(soft_wrap=True, highlight=False)
    for found in results:
        level = _decibels(found["after"]["integrated"], "LUFS")
        level += ", " + _decibels(found["after"]["true_peak"], "dBTP")
        console.print(f"{found['file']}   {level}, gain {found['gain']:+.1f} dB", markup=False)
        notes = [] if found["reached"] else ["the ceiling keeps it below the loudness that was asked for"]
        notes += [f"{found['clipped']} samples beyond full scale were cut"] if found["clipped"] else []
        if found["suggestions"]:
            notes.append("suggested: " + ", ".join(f"{s['catid']} {s['score']:.2f}" for s in found["suggestions"]))
        for note in notes:
            console.print(f"  {note}", markup=False)
