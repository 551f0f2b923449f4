"""Prepares a source: decode, sort out, store; resumable at every moment."""

import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from soundctm.audio.io import write_atomically
from soundctm.errors import UserError
from soundctm.training.data.prepare.decode import Clip, decode
from soundctm.training.data.prepare.items import Fault, Item, Source, printable
from soundctm.training.data.prepare.manifest import finish
from soundctm.training.data.prepare.mixtures import draw_pair, make_mixture
from soundctm.training.data.prepare.pool import OrderedPool
from soundctm.training.data.prepare.settings import Settings, SourceOptions
from soundctm.training.data.prepare.shards import (
    MIXTURES_REST,
    REST,
    Encoded,
    Record,
    ShardReader,
    ShardWriter,
    finished_shards,
    read_manifest,
    read_records,
)

FORMAT_VERSION = 1
Progress = Callable[[int, int], None]
CRASHED = Fault("decoder_crashed", "the decoder crashes on it; decode it with another program and store it anew")


class Encoder(Protocol):
    """Gives latents and tokens of a clip (:class:`soundctm.training.data.prepare.latents.LatentEncoder`)."""

    def encode(self, samples: np.ndarray, caption: str) -> Encoded | Fault: ...

    def tokens(self, caption: str) -> np.ndarray: ...

    def facts(self) -> dict[str, Any]: ...


def decode_item(item: Item, settings: Settings) -> Clip | Fault:
    """The clip of an entry, or why there is none."""
    if item.fault is not None or item.sound is None:
        return item.fault or Fault("missing_file", "there is no sound")
    return decode(item.sound, settings)


class Preparation:
    """One source on its way into one folder."""

    def __init__(self, source: Source, out: Path, settings: Settings, encoder: Encoder | None, workers: int) -> None:
        self.source, self.out, self.settings, self.encoder = source, out, settings, encoder
        self.folder = out / "shards"
        self.pool: OrderedPool[Item, Clip | Fault] = OrderedPool(
            partial(decode_item, settings=settings), workers, CRASHED
        )
        self.position, self.mixtures = 0, 0
        self.seen: dict[bytes, str] = {}

    def resume(self) -> None:
        """Take up what finished shards say; remove halves that an interruption left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for half in [*self.folder.glob(".*.partial"), *self.out.glob(".*.partial")]:
            half.unlink()
        for path in finished_shards(self.folder):
            for record in read_records(path):
                self._note(record)
        self.writer = ShardWriter(self.folder, self.settings.shard_size)

    def _note(self, record: Record) -> None:
        if record.position is None:
            self.mixtures = 0 if record.mixture is None else record.mixture + 1
            return
        self.position = record.position + 1
        if record.digest is not None:
            self.seen[bytes.fromhex(record.digest)] = record.name

    def run(self, progress: Progress) -> None:
        """Everything up to the manifest."""
        done = (self.folder / REST).exists()
        total = (0 if done else self.source.count()) + self.settings.mixtures
        if not done:
            entries = islice(self.source.items(), self.position, None)
            with closing(self.pool.map(entries)) as decoded:
                for count, (item, outcome) in enumerate(decoded, self.position + 1):
                    self._take(item, outcome, count - 1)
                    progress(count, total)
            self.writer.finish(REST)
        self._mix(progress, total)

    def _take(self, item: Item, outcome: Clip | Fault, position: int) -> None:
        if isinstance(outcome, Clip) and (same := self.seen.get(bytes.fromhex(outcome.digest))) is not None:
            outcome = Fault("duplicate", f"the same sound as {same}")
        if isinstance(outcome, Fault):
            self.writer.leave_out(item.name, outcome)
            return
        record = Record(
            item.name, item.caption, item.licence, item.group, outcome.seconds, outcome.level_db, outcome.peak_db,
            position, outcome.rate, outcome.channels, outcome.subtype, outcome.changes, outcome.digest,
        )  # fmt: skip
        if self._store(record, outcome.samples):
            self.seen[bytes.fromhex(outcome.digest)] = item.name

    def _store(self, record: Record, samples: np.ndarray) -> bool:
        """Encode and keep a clip; False when it cannot be encoded."""
        encoded = None if self.encoder is None else self.encoder.encode(samples, record.caption)
        if isinstance(encoded, Fault):
            self.writer.leave_out(record.name, encoded)
            return False
        self.writer.add(record, samples, encoded)
        return True

    def _mix(self, progress: Progress, total: int) -> None:
        if not self.settings.mixtures or (self.folder / MIXTURES_REST).exists():
            return
        sources = [record for path in finished_shards(self.folder) for record in read_records(path)]
        sources = [record for record in sources if record.position is not None]
        if len(sources) < 2:
            raise UserError(f"--mixtures needs two usable clips, {self.out} has {len(sources)}; prepare it without")
        clips, captions = ShardReader(self.folder), [record.caption for record in sources]
        for number in range(self.mixtures, self.settings.mixtures):
            pair = draw_pair(captions, self.settings.seed, number)
            made = make_mixture(clips, [sources[i] for i in pair], pair, number, self.settings)
            if isinstance(made, Fault):
                self.writer.leave_out(f"mixture {number}", made)
            else:
                self._store(*made)
            progress(total - self.settings.mixtures + number + 1, total)
        self.writer.finish(MIXTURES_REST)


def prepare(
    source: Source,
    out: Path,
    settings: Settings,
    options: SourceOptions,
    *,
    workers: int = 1,
    encoder: Encoder | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Prepare a source into ``out`` and return the manifest; a folder begun with the same settings is gone on with.

    The result depends on source, options, settings and model, not on ``workers`` or interruptions. Raises
    :class:`UserError` when the folder was begun with other settings, and when no clip is usable.
    """
    asked = _identity(source, settings, options, encoder)
    _claim(out, asked)
    if (finished := read_manifest(out)) is not None:
        return finished
    preparation = Preparation(source, out, settings, encoder, workers)
    preparation.resume()
    preparation.run(progress)
    facts = None if encoder is None else encoder.facts()
    if encoder is not None:
        empty = encoder.tokens("")
        write_atomically(out / "unconditional.npy", lambda file: np.save(file, empty))
    return finish(out, settings, asked, facts)


def _identity(
    source: Source, settings: Settings, options: SourceOptions, encoder: Encoder | None
) -> dict[str, Any]:  # fmt: skip
    """All that decides the content of the folder."""
    return {
        "format_version": FORMAT_VERSION,
        "format": source.kind,
        "source": source.fingerprint(),
        "audio": None if options.audio is None else printable(str(options.audio.resolve())),
        "licence": options.licence,
        "esc10": options.esc10,
        "folds": sorted(options.folds),
        **settings.model_dump(),
        "latents": None if encoder is None else encoder.facts()["model_hash"],
    }


def _claim(out: Path, asked: dict[str, Any]) -> None:
    """Write ``settings.json``, or compare with the one that is there."""
    path = out / "settings.json"
    if not path.exists():
        if (out / "shards").exists() or (out / "manifest.json").exists():
            raise UserError(f"{out} holds shards or a manifest, but no settings.json; choose another --out")
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asked, indent=1, ensure_ascii=False)
        write_atomically(path, lambda file: file.write(text.encode()))
        return
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}); choose another --out") from error
    changed = next((key for key in asked if begun.get(key) != asked[key]), None)
    if changed == "source":
        raise UserError(f"the source has changed since {out} was begun; prepare it into another --out")
    if changed is not None:
        was, now = begun.get(changed), asked[changed]
        raise UserError(f"{out} was begun with {changed} {was!r}, now it is {now!r}; repeat the first, or change --out")
