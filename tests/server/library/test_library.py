"""Sounds in and out, and changes of them; on every kind of database."""

from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from soundctm import SoundCTM, edits
from soundctm.audio import Clip
from soundctm.audio.io import LOOP_CHUNK, read_chunk
from soundctm.errors import UserError
from soundctm.server.library import Deletion, Library, LibraryConflict, LibraryMiss
from tests.oracles.recordings import recording
from tests.server.library.makers import (
    FOREVER,
    NOBODY,
    RECIPE,
    check_laws,
    everything,
    prompts,
    sound,
)  # fmt: skip

ZERO = timedelta(0)


# ---- in and out


def test_a_sound_comes_back_with_all_that_is_known_of_it(library: Library) -> None:
    clip = sound(3, prompt="heavy rain on a tin roof", steps=16, seed=2**63 - 1)
    before = datetime.now(UTC)
    entry = library.add(clip, kind="refined")
    assert library.get(entry.id) == entry
    assert before <= entry.created <= datetime.now(UTC) and entry.created.utcoffset() == ZERO
    assert (entry.name, entry.prompt, entry.recipe) == ("heavy rain on a tin roof",) * 2 + (clip.recipe,)
    assert (entry.steps, entry.seed, entry.kind, entry.digest) == (16, 2**63 - 1, "refined", clip.digest)
    assert (entry.sample_rate, entry.channels, entry.seconds) == (8000, 1, 0.01)
    assert (entry.starred, entry.tags, entry.parents, entry.deleted, entry.job) == (False, (), (), None, None)
    assert entry.path == library.folder / "clips" / entry.id[:2] / f"{entry.id}.wav"
    again = library.clip(entry.id)
    assert np.array_equal(again.samples, clip.samples) and again.recipe == clip.recipe
    assert check_laws(library) == {entry.id: entry}


def test_a_recording_has_no_recipe_and_a_name_of_its_own(library: Library) -> None:
    entry = library.add(recording(channels=2), kind="upload", name="  door,  slammed ")
    assert (entry.name, entry.prompt, entry.recipe, entry.steps, entry.seed) == ("door, slammed", "", None, None, None)
    assert (entry.channels, entry.seconds) == (2, 1.0)
    assert library.add(recording(), kind="upload").name == "untitled"


def test_a_file_is_what_a_clip_saves_and_more(library: Library, tmp_path: Path) -> None:
    clip = sound(prompt="hum", loop=True)
    path = library.add(clip, kind="take").path
    saved = clip.save(tmp_path / "a.wav")
    assert read_chunk(path, LOOP_CHUNK) == read_chunk(saved, LOOP_CHUNK) is not None
    assert path.read_bytes()[12:].startswith(saved.read_bytes()[12:100])
    assert Clip.load(path).recipe == clip.recipe


def test_loudness_is_that_of_a_sine(library: Library) -> None:
    for level in (1.0, 0.5, 1e-3):
        sine = level * np.sin(2 * np.pi * 100 * np.arange(8000) / 8000)
        entry = library.add(Clip(sine.astype(np.float32)[None], 8000), kind="upload")
        assert entry.loudness == pytest.approx(20 * np.log10(level / np.sqrt(2)), abs=1e-3)


def test_silence_has_a_loudness_that_json_can_hold(library: Library) -> None:
    assert library.add(Clip(np.zeros((1, 80), np.float32), 8000), kind="upload").loudness == -120.0


def test_takes_of_a_model_are_made_again_from_what_the_library_holds(library: Library, tiny_folder: Path) -> None:
    model = SoundCTM.from_pretrained(tiny_folder)
    take = library.add(model.generate("rain", seed=1, seconds=0.5)[0], kind="take")
    refined = library.add(model.refine(library.clip(take.id), steps=2), kind="refined", parents=[take.id])
    tape = library.add(recording(1, seconds=0.5), kind="upload", name="tape")
    plan = edits.fill(library.clip(tape.id), start=0.1, end=0.3, name="tape.wav")
    filled = library.add(model.edit(plan, "bell", seed=2, steps=2)[0], kind="edit", parents=[tape.id])
    assert filled.recipe is not None and refined.parents == (take.id,)
    sources = library.sources(filled.recipe)
    assert set(sources) == {tape.digest}
    (again,) = model.replay([filled.recipe], sources=sources)
    assert again.digest == filled.digest
    assert library.sources(RECIPE) == {}
    check_laws(library)


# ---- what cannot be kept

UNKEPT = {
    "no samples": Clip(np.zeros((1, 0), np.float32), 8000),
    "beyond full scale": Clip(np.full((1, 8), 1.5, np.float32), 8000),
    "beyond full scale below": Clip(np.full((2, 8), -1.001, np.float32), 8000),
    "a rate too low": Clip(np.zeros((1, 8), np.float32), 2999),
    "a rate too high": Clip(np.zeros((1, 8), np.float32), 768_001),
    "not a number": Clip(np.full((1, 8), np.nan, np.float32), 8000),
    "infinite": Clip(np.full((1, 8), np.inf, np.float32), 8000),
    "recipe of no number": sound(omega=float("nan")),
    "recipe of half a character": sound(prompt="\ud800"),
    "recipe with a huge seed": sound(seed=2**63),
    "recipe with many steps": sound(steps=2**40),
}


def test_what_cannot_be_kept_is_refused_before_anything_is_written(library: Library) -> None:
    for why, clip in UNKEPT.items():
        with pytest.raises(UserError):
            library.add(clip, kind="upload")
            pytest.fail(why)
    assert check_laws(library) == {} and library.serial == 0


WRONG: tuple[dict[str, object], ...] = (
    {"kind": "song"}, {"kind": ""}, {"parents": [NOBODY]}, {"parents": ["../../etc/passwd"]}, {"parents": "x"},
    {"parents": [f"{i:032x}" for i in range(65)]}, {"job": NOBODY}, {"job": "x" * 1000}, {"name": ""},
    {"name": "../up"}, {"name": "a\nb"}, {"name": "x" * 121}, {"embedding": np.zeros(3)},
    {"embedding": np.ones((2, 2))}, {"embedding": np.array([np.nan])}, {"embedding": np.array([])},
    {"embedding": np.ones(5000)}, {"embedding": np.array(["a"])},
)  # fmt: skip


def test_wrong_facts_are_refused_before_anything_is_written(library: Library) -> None:
    for wrong in WRONG:
        with pytest.raises(UserError):
            library.add(sound(), **{"kind": "take", **wrong})  # type: ignore[arg-type]
            pytest.fail(str(wrong))
    assert check_laws(library) == {} and library.serial == 0


def test_any_prompt_makes_a_clean_name(library: Library) -> None:
    for prompt in ("a\x00b", "\x1b[31mred", "rain / \\ thunder", "x" * 999, "\u202etxt.exe", "  ", ".."):
        entry = library.add(sound(prompt=prompt), kind="take")
        assert library.change(entry.id, name=entry.name).name == entry.name  # what is refused from users is never made
        assert entry.recipe is not None and entry.recipe.prompt == prompt


def calls_about(library: Library, identifier: str) -> list[Callable[[], object]]:
    return [
        lambda: library.get(identifier), lambda: library.clip(identifier), lambda: library.ancestry(identifier),
        lambda: library.change(identifier, name="a"), lambda: library.change(identifier, starred=True),
        lambda: library.change(identifier, tags=[]), lambda: library.delete([identifier]),
        lambda: library.restore([identifier]), lambda: library.undo(identifier), lambda: library.job(identifier),
        lambda: library.update_job(identifier, "done"), lambda: library.search(similar_to=str(identifier)),
        lambda: library.embed(identifier, np.ones(3)),
    ]  # fmt: skip


def test_unknown_ids_are_missed(library: Library) -> None:
    for identifier in (NOBODY, "", "x", "../../../etc/passwd", "A" * 32, "a" * 31, "\x00" * 32, "\ud800" * 32, None, 7):
        for call in calls_about(library, identifier):  # type: ignore[arg-type]
            with pytest.raises(LibraryMiss):
                call()
    assert library.serial == 0


def test_a_lost_file_is_a_miss_and_a_damaged_one_a_fault(library: Library) -> None:
    lost, damaged, whole = prompts(library, "a", "b", "c")
    lost.path.unlink()
    damaged.path.write_bytes(b"RIFF")
    with pytest.raises(LibraryMiss):
        library.clip(lost.id)
    with pytest.raises(UserError, match="cannot be read"):
        library.clip(damaged.id)
    assert library.clip(whole.id).digest == whole.digest


# ---- changes


def test_names_stars_and_tags_change_and_nothing_else(library: Library) -> None:
    entry, other = prompts(library, "rain", "wind")
    assert library.change(entry.id, name="Café — no. 5%").name == "Café — no. 5%"
    assert library.change(entry.id, starred=True).starred and not library.change(entry.id, starred=False).starred
    assert library.change(entry.id, tags=["wet", "Roof", "ROOF", "éa"]).tags == ("éa", "Roof", "wet")
    changed = library.change(entry.id, tags=["roof", "dry"])
    assert changed.tags == ("dry", "roof")
    assert library.get(entry.id) == changed and library.get(other.id) == other
    assert {**changed.__dict__, "name": entry.name, "tags": ()} == entry.__dict__
    assert library.change(entry.id, tags=[]).tags == ()


@pytest.mark.parametrize("tags", [["a/b"], ["\n"], [""], ["x" * 41], [f"t{i}" for i in range(33)], "abc", [1]])
def test_tags_that_cannot_be_are_refused_and_the_old_ones_stay(library: Library, tags: list[str]) -> None:
    (entry,) = prompts(library, "rain")
    library.change(entry.id, tags=["wet"])
    with pytest.raises(UserError):
        library.change(entry.id, tags=tags)
    assert library.get(entry.id).tags == ("wet",)


def test_a_deletion_is_undone_as_a_whole_and_alone(library: Library) -> None:
    a, b, c, d = prompts(library, "a", "b", "c", "d")
    first = library.delete([a.id]).token
    ids, second = astuple(library.delete([a.id, b.id, c.id, b.id]))  # a is deleted already
    assert first is not None and ids == (b.id, c.id)
    assert library.delete([c.id, a.id]) == Deletion((), None)
    assert everything(library) == [d] and {e.id for e in everything(library, deleted=True)} == {a.id, b.id, c.id}
    assert library.undo(second) == (b, c)
    assert everything(library) == [d, c, b]
    with pytest.raises(LibraryMiss, match="nothing to undo"):
        library.undo(second)
    assert library.undo(first) == (a,) and everything(library, deleted=True) == []
    assert len(check_laws(library)) == 4


def test_deletions_are_all_or_nothing(library: Library) -> None:
    a, b = prompts(library, "a", "b")
    for ids in ([a.id, NOBODY], [a.id, "../x"], []):
        with pytest.raises(UserError):
            library.delete(ids)
    library.delete([b.id])
    with pytest.raises(LibraryMiss):
        library.restore([b.id, NOBODY])
    assert everything(library) == [a] and library.restore([b.id, a.id]) == (b, a)


def test_many_at_once(library: Library) -> None:
    entries = prompts(library, *("rain " * 20).split())
    token = library.delete(entry.id for entry in entries).token
    assert everything(library) == [] and token is not None and len(library.undo(token)) == 20


def test_deleted_sounds_are_purged_one_by_one_and_others_never(library: Library) -> None:
    a, b, c = prompts(library, "a", "b", "c")
    library.delete([a.id, b.id])
    size = sum(entry.path.stat().st_size for entry in (a, b))
    with pytest.raises(LibraryConflict, match=c.id):
        library.purge_some([a.id, c.id])
    for ids in ([a.id, NOBODY], []):
        with pytest.raises(UserError):
            library.purge_some(ids)
    assert set(check_laws(library)) == {a.id, b.id, c.id}
    serial = library.serial
    assert library.purge_some([b.id, a.id, b.id]) == ((b.id, a.id), size)
    assert set(check_laws(library)) == {c.id} and not a.path.exists() and not b.path.exists()
    assert set(library.changes_since(serial).gone) == {a.id, b.id}
    with pytest.raises(LibraryMiss):
        library.purge_some([a.id])


def test_several_changes_are_one(library: Library) -> None:
    (entry,) = prompts(library, "rain")
    serial = library.serial
    changed = library.change(entry.id, name="storm", starred=True, tags=["wet"])
    assert (changed.name, changed.starred, changed.tags) == ("storm", True, ("wet",))
    assert library.serial == serial + 1
    for bad in ({"name": "a/b"}, {"tags": ["a\nb"]}):
        with pytest.raises(UserError):
            library.change(entry.id, **{"name": "calm", "starred": False, "tags": [], **bad})  # type: ignore[arg-type]
    assert library.get(entry.id) == changed and library.change(entry.id) == changed


def test_a_purge_removes_what_was_deleted_long_ago_and_nothing_else(library: Library) -> None:
    kept, recent, old, older = prompts(library, "a", "b", "c", "d")
    token = library.delete([old.id, older.id]).token
    size = sum(entry.path.stat().st_size for entry in (recent, old))
    border = library.get(older.id).deleted
    library.delete([recent.id])
    for long in (timedelta(days=1), FOREVER * 20, timedelta.max):
        assert library.purge(long) == ((), 0)
    assert token is not None
    library.undo(token)
    library.delete([old.id])
    assert border is not None and library.purge(ZERO) == ((recent.id, old.id), size)
    assert set(check_laws(library)) == {kept.id, older.id}
    for identifier in (recent.id, old.id):
        with pytest.raises(LibraryMiss):
            library.restore([identifier])
    with pytest.raises(LibraryMiss):
        library.undo(token)
    with pytest.raises(UserError, match="0 or more"):
        library.purge(timedelta(seconds=-1))
