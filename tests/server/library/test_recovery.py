"""What is put right when a library is opened."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from soundctm.audio.edit import Fill, Source
from soundctm.server.library import Library, Recovery
from tests.server.library.makers import all_entries, check_laws, files_of, prompts, sound

EDIT = Fill(source=Source(name="a.wav", digest="0" * 16), start=0.001, end=0.002)


def place(library: Library, digits: str) -> Path:
    """Where a sound whose id repeats these digits belongs."""
    identifier = (digits * 32)[:32]
    path = library.folder / "clips" / identifier[:2] / f"{identifier}.wav"
    path.parent.mkdir(exist_ok=True)
    return path


def test_files_without_rows_are_listed_by_what_they_say(opener: Callable[[], Library]) -> None:
    library = opener()
    sound(1, prompt="heavy rain", steps=16).save(place(library, "a"))
    sound(2).save(place(library, "b"))
    sound(3, prompt="", edit=EDIT).save(place(library, "c"))
    library.close()
    again = opener()
    assert set(again.recovered.adopted) == {digit * 32 for digit in "abc"}
    take, upload, edit = (again.get(digit * 32) for digit in "abc")
    assert (take.kind, take.name, take.steps, take.tags) == ("take", "heavy rain", 16, ())
    assert (upload.kind, upload.name, upload.recipe) == ("upload", "untitled", None)
    assert (edit.kind, edit.name, edit.recipe is not None) == ("edit", "untitled", True)
    assert len(check_laws(again)) == 3 and set(again.changes_since(0).ids) == {take.id, upload.id, edit.id}
    again.close()
    assert opener().recovered == Recovery()


def test_what_cannot_be_read_is_set_aside_and_not_thrown_away(opener: Callable[[], Library]) -> None:
    library = opener()
    (kept,) = prompts(library, "rain")
    place(library, "a").write_bytes(b"")
    place(library, "b").write_bytes(kept.path.read_bytes()[:60])
    place(library, "c").write_bytes(kept.path.read_bytes().replace(b'"omega":3.0', b'"omega":"x"'))
    place(library, "d").write_bytes(kept.path.read_bytes().replace(b'"owner":"', b'"own!r":"'))
    place(library, "e").write_bytes(kept.path.read_bytes().replace(b'"owner":"', b'"owner":"../', 1))
    place(library, "f").write_bytes(kept.path.read_bytes().replace(b'"omega":3.0', b'"omega":NaN'))
    contents = {path.name: path.read_bytes() for path in files_of(library.folder) if path != kept.path}
    library.close()
    again = opener()
    assert sorted(again.recovered.set_aside) == [digit * 32 for digit in "abcdef"]
    assert {path.name: path.read_bytes() for path in (again.folder / "set-aside").iterdir()} == contents
    assert list(check_laws(again)) == [kept.id]


def test_what_is_not_ours_is_left_where_it_is(opener: Callable[[], Library], tmp_path: Path) -> None:
    library = opener()
    outside = sound(1).save(tmp_path / "outside.wav")
    strangers = [
        library.folder / "clips" / "notes.txt", library.folder / "clips" / "my song.wav",
        place(library, "a").with_name("A" * 32 + ".wav"), place(library, "b").with_name("b" * 31 + ".wav"),
        place(library, "c").with_name("d" * 32 + ".wav"), library.folder / "mine" / "x.wav",
    ]  # fmt: skip
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        shutil.copy(outside, path)
    link = place(library, "e")
    link.symlink_to(outside)
    library.close()
    again = opener()
    assert again.recovered == Recovery() and all_entries(again) == []
    assert all(path.is_file() for path in (*strangers, link, outside))


def test_rows_without_files_are_dropped_and_told(opener: Callable[[], Library]) -> None:
    library = opener()
    a, b, c = prompts(library, "a", "b", "c")
    library.change(b.id, tags=["wet"])
    child = library.add(sound(5), kind="refined", parents=[b.id])
    copy = b.path.read_bytes()
    b.path.unlink()
    serial = library.serial
    library.close()
    again = opener()
    assert again.recovered.dropped == (b.id,) and set(check_laws(again)) == {a.id, c.id, child.id}
    assert again.changes_since(serial).gone == (b.id,) and again.ancestry(child.id).missing == (b.id,)
    b.path.write_bytes(copy)  # brought back from a backup
    again.close()
    third = opener()
    assert third.recovered.adopted == (b.id,) and third.get(b.id).name == "b"
    assert third.changes_since(serial).gone == () and third.ancestry(child.id).missing == ()


def test_purged_sounds_do_not_come_back(opener: Callable[[], Library]) -> None:
    from datetime import timedelta

    library = opener()
    (entry,) = prompts(library, "a")
    copy = entry.path.read_bytes()
    library.delete([entry.id])
    library.purge(timedelta(0))
    entry.path.write_bytes(copy)  # as if the process had been killed before it removed the file
    library.close()
    again = opener()
    assert again.recovered.removed == (entry.id,) and check_laws(again) == {} and not entry.path.exists()


def test_what_the_dead_were_writing_is_removed_and_what_the_living_write_is_not(opener: Callable[[], Library]) -> None:
    living = opener()
    desk = next((living.folder / "incoming").iterdir())
    (desk / "half.wav").write_bytes(b"RIFF")
    dead = living.folder / "incoming" / "0123456789abcdef"
    dead.mkdir()
    for name in ("lock", "half.wav"):
        (dead / name).write_bytes(b"")
    opener()
    assert (desk / "half.wav").exists() and not dead.exists()


def test_a_file_that_a_living_library_is_about_to_list_is_left_to_it(opener: Callable[[], Library]) -> None:
    living = opener()
    (entry,) = prompts(living, "rain")
    in_flight = place(living, "a")
    shutil.copy(entry.path, in_flight)  # carries the living one's token
    assert opener().recovered == Recovery() and opener().recovered == Recovery() and in_flight.is_file()
    living.close()
    assert opener().recovered.adopted == ("a" * 32,)


@pytest.mark.parametrize("count", [1, 3])
def test_all_files_may_be_lost_but_not_the_folder(opener: Callable[[], Library], count: int) -> None:
    library = opener()
    made = prompts(library, *"abc"[:count])
    for entry in made:
        entry.path.unlink()
    library.close()
    assert set(opener().recovered.dropped) == {entry.id for entry in made}
