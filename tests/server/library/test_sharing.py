"""What others see of changes, at once and later; on every kind of database."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from soundctm.server.library import Library
from tests.server.library.makers import all_entries, check_laws, prompts, sound

ZERO = timedelta(0)


def test_two_libraries_on_one_folder_see_each_other(opener: Callable[[], Library]) -> None:
    here, there = opener(), opener()
    (first,) = prompts(here, "rain")
    assert there.get(first.id) == first
    news = there.changes_since(0)
    assert (news.ids, news.gone, news.serial) == ((first.id,), (), here.serial)
    (second,) = prompts(there, "wind")
    there.change(first.id, name="drops")
    assert here.changes_since(news.serial).ids == (second.id, first.id) and here.get(first.id).name == "drops"
    assert here.changes_since(here.serial).ids == ()
    here.delete([first.id])
    now = there.changes_since(there.serial - 1)
    assert now.ids == (first.id,)
    here.purge(ZERO)
    assert there.changes_since(now.serial).gone == (first.id,) and there.changes_since(0).ids == (second.id,)


def test_every_change_is_told_to_whoever_asks_again_and_again(library: Library) -> None:
    """Threads add and star; one that polls hears of every entry, in its last state, and misses none."""
    heard: dict[str, bool] = {}
    done = threading.Event()
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(4):
                entry = library.add(sound(number, prompt=f"{number} {i}"), kind="take")
                library.change(entry.id, starred=True)
        except BaseException as error:
            faults.append(error)

    def listen() -> None:
        serial = 0
        last = False
        while not last:
            last = done.is_set()
            news = library.changes_since(serial)
            assert news.serial >= serial
            serial = news.serial
            heard.update((identifier, library.get(identifier).starred) for identifier in news.ids)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    listener = threading.Thread(target=listen)
    for thread in (*threads, listener):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    listener.join()
    assert faults == [] and len(heard) == 24 and all(heard.values())
    assert len({entry.id for entry in all_entries(library)}) == 24
    check_laws(library)


def test_what_was_kept_is_there_when_opened_again(opener: Callable[[], Library]) -> None:
    first = opener()
    a, b = prompts(first, "a", "b")
    first.change(a.id, tags=["x"])
    first.delete([b.id])
    before = check_laws(first)
    first.close()
    first.close()
    assert not any((first.folder / "incoming").iterdir())
    again = opener()
    assert check_laws(again) == before
    assert again.recovered == type(again.recovered)()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    for name in ("with space", "50%", "a?b=c#d", "ünï", "file:x", "'; DROP TABLE entries; --"):
        with Library.open(tmp_path / name / "deep") as library:
            prompts(library, "rain")
            assert library.folder == tmp_path / name / "deep" and (library.folder / "library.db").is_file()
            check_laws(library)
