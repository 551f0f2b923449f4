"""From a take to its file and its picture: the one place that knows how sounds are delivered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from soundctm.audio import Clip
from soundctm.audio.levels import HOP, ROWS, spectrogram_png
from soundctm.batch.naming import Imprint
from soundctm.batch.order import Order
from soundctm.batch.place import Place
from soundctm.delivery.formats import encode
from soundctm.delivery.process import Delivered, clipped_samples, deliver
from soundctm.delivery.provenance import Origin, licence_in
from soundctm.delivery.tags import Tags
from soundctm.errors import UserError
from soundctm.folder import card
from soundctm.model import SoundCTM

WIDEST = 1200  # pixels of a picture


def licence_of(model: SoundCTM) -> str:
    """The licence that the model's card states."""
    return licence_in(card(model.name))


def picture(clip: Clip) -> bytes:
    """The spectrogram of a clip, for the contact sheet."""
    columns = min(WIDEST, max(1, clip.samples.shape[1] // HOP))
    return spectrogram_png(clip.samples.mean(axis=0), clip.sample_rate, columns, ROWS)


@dataclass(frozen=True)
class Outlet:
    """Writes takes into a place, with an imprint in every file."""

    place: Place
    imprint: Imprint

    def bring(self, clip: Clip, order: Order) -> Delivered | str:
        """The take as it is to be delivered, or in words why it cannot be."""
        try:
            return deliver(clip, order.row.delivery)
        except UserError as error:
            return str(error)

    def write(self, delivered: Delivered, order: Order, slot: int) -> dict[str, str]:
        """Write sound and picture; the SHA-256 of each by its path in the folder."""
        recipe, called, imprint = delivered.clip.recipe, order.called, self.imprint
        tags = Tags(
            title=called.name.fx_name if called.name else called.stems[slot],
            when=datetime.fromisoformat(imprint.date).replace(tzinfo=UTC) if imprint.date else None,
            creator=imprint.creator, project=imprint.project, copyright=imprint.copyright,
            origin=None if recipe is None else Origin(recipe, imprint.licence), name=called.name,
            category=called.category,
        )  # fmt: skip
        made = zip(order.files(slot), (encode(delivered, tags), picture(delivered.clip)), strict=True)
        return {name: self.place.write(name, data) for name, data in made}


def loudness_figures(delivered: Delivered) -> dict[str, Any]:
    """What the report says of a delivered take."""
    report = delivered.report
    return {
        "loudness": report.after.integrated, "true_peak": report.after.true_peak, "gain": report.gain,
        "level_reached": report.reached, "delivered_seconds": delivered.clip.duration,
        "sample_rate": delivered.clip.sample_rate,
        "cut": clipped_samples(delivered.clip, delivered.delivery.format),
    }  # fmt: skip
