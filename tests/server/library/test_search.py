"""What a search finds is what a plain loop over all entries finds; pages fit together whatever happens meanwhile."""

import base64
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundctm.errors import UserError
from soundctm.server.library import Entry, Library
from soundctm.server.library.names import searchable
from tests.server.library.makers import all_entries, everything, prompts, sound

TEXTS = (
    "heavy rain", "RAIN on glass", "100% wet", "100 wet", "snake_case", "snakeXcase", "back\\slash", "a/b", "café noir",
    "Straße", "'quoted' \"twice\"", "%", "_", "rain rain",
)  # fmt: skip
QUERIES = (
    "", "rain", "glass rain", "rain heavy on", "100%", "%", "_", "snake_case", "\\", "back\\slash", "/", "a/b", "CAFE",
    "strasse", "'", '"', "';--", "nothing", "r n", "\x00", "rain\x00glass", "\ud800", "  ra  ",
)  # fmt: skip


def ids(entries: list[Entry]) -> list[str]:
    return [entry.id for entry in entries]


def holds(entry: Entry, text: str) -> bool:
    hay = searchable(" ".join((entry.name, entry.prompt, *entry.tags)))
    return all(word in hay for word in searchable(text).split())


def test_words_are_found_as_they_are_written_in_any_order(library: Library) -> None:
    made = prompts(library, *TEXTS)
    library.change(made[0].id, name="Downpour")
    library.change(made[1].id, tags=["Noir", "50%"])
    entries = everything(library)
    assert ids(entries) == ids(made[::-1])
    for query in (*QUERIES, *TEXTS, "downpour heavy", "noir", "50%", "no ra", "g o n"):
        expected = [entry for entry in entries if holds(entry, query)]
        assert everything(library, text=query, limit=2) == expected, query
    assert ids(everything(library, text="rain")) == ids([made[13], made[1], made[0]])
    assert ids(everything(library, text="%")) == ids([made[11], made[2], made[1]])


def test_renaming_forgets_the_old_name_and_tagging_the_old_tags(library: Library) -> None:
    (entry,) = prompts(library, "rain")
    library.change(entry.id, name="storm")
    library.change(entry.id, name="drizzle")
    library.change(entry.id, tags=["blue"])
    library.change(entry.id, tags=["green"])
    found = {text: len(everything(library, text=text)) for text in ("storm", "blue", "drizzle", "green", "rain")}
    assert found == {"storm": 0, "blue": 0, "drizzle": 1, "green": 1, "rain": 1}


def test_of_deleted_sounds_the_latest_deletion_comes_first(library: Library) -> None:
    made = prompts(library, *"abcdef")
    order = [made[i].id for i in (4, 0, 2, 5)]
    for identifier in order:
        library.delete([identifier])
    library.delete([made[1].id, made[3].id])  # at one moment: the newer one first
    expected = [made[3].id, made[1].id, *order[::-1]]
    for limit in (1, 2, 3, 4, 6):
        assert ids(everything(library, deleted=True, limit=limit)) == expected
    cursors = {deleted: library.search(deleted=deleted, limit=1).next_cursor for deleted in (True, False)}
    assert cursors[False] is None
    page = library.search(deleted=True, limit=2)
    library.restore([order[-1]])
    assert ids(list(library.search(deleted=True, limit=9, cursor=page.next_cursor).entries)) == order[-2::-1]
    with pytest.raises(UserError, match="cursor"):
        library.search(cursor=page.next_cursor)


WORDS = st.sampled_from(["rain", "Wind", "BELL", "100%", "a_b", "é"])
ENTRIES = st.lists(
    st.tuples(st.lists(WORDS, min_size=1, max_size=3), st.sets(WORDS, max_size=2), st.booleans(), st.booleans()),
    max_size=7,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ENTRIES, st.lists(WORDS, max_size=2), st.lists(WORDS, max_size=2), st.none() | st.booleans(),
    st.sampled_from([None, "take", "upload"]), st.booleans(), st.integers(1, 4),
)  # fmt: skip
def test_a_search_is_a_filter(tmp_path_factory: pytest.TempPathFactory, made: list[tuple[list[str], set[str], bool, bool]], text: list[str], tags: list[str], starred: bool | None, kind: str | None, deleted: bool, limit: int) -> None:  # fmt: skip # noqa: E501
    with Library.open(tmp_path_factory.mktemp("search")) as library:
        for number, (name, own, star, gone) in enumerate(made):
            clip = sound(number, prompt=" ".join(name))
            entry = library.add(clip, kind=("take", "upload")[number % 2])  # type: ignore[arg-type]
            library.change(entry.id, tags=own)
            library.change(entry.id, starred=star)
            if gone:
                library.delete([entry.id])
        keys = {searchable(tag) for tag in tags}
        expected = [
            entry
            for entry in all_entries(library)
            if holds(entry, " ".join(text)) and keys <= {searchable(tag) for tag in entry.tags}
            and starred in (None, entry.starred) and kind in (None, entry.kind) and deleted == bool(entry.deleted)
        ]  # fmt: skip
        query = {"text": " ".join(text), "tags": tags, "starred": starred, "kind": kind, "deleted": deleted}
        assert everything(library, **query, limit=limit) == expected


# ---- pages


@pytest.mark.parametrize("by_likeness", [False, True])
def test_pages_stay_while_sounds_come_and_go(library: Library, by_likeness: bool) -> None:
    """Nothing is seen twice, and nothing that was there all the time is left out."""
    rng = np.random.default_rng(0)
    made = [library.add(sound(i), kind="take", embedding=rng.standard_normal(8)) for i in range(12)]
    query = {"similar_to": made[0].id} if by_likeness else {}
    before = ids(everything(library, **query))
    seen: list[str] = []
    cursor, deleted = None, []
    while True:
        page = library.search(limit=3, cursor=cursor, **query)  # type: ignore[arg-type]
        seen += ids(list(page.entries))
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
        library.add(sound(99), kind="take", embedding=rng.standard_normal(8))
        library.delete([seen[-1]])  # the one that the cursor stands on
        deleted.append(seen[-1])
        library.change(before[-1], starred=True)
    kept = [identifier for identifier in seen if identifier in before]
    assert len(set(seen)) == len(seen) and kept == before
    assert by_likeness or seen == before


def test_a_page_ends_where_the_sounds_end(library: Library) -> None:
    prompts(library, "a", "b", "c", "d")
    assert library.search(limit=4).next_cursor is None and library.search(limit=3).next_cursor is not None
    assert library.search("none") == library.search("none", limit=1) and library.search("none").entries == ()


def test_limits_and_cursors_that_are_none_are_refused(library: Library) -> None:
    a, b = (library.add(sound(i), kind="take", embedding=np.ones(3)) for i in range(2))
    for limit in (0, -1, 501):
        with pytest.raises(UserError, match="limit"):
            library.search(limit=limit)
    library.add(sound(3), kind="take", embedding=np.ones(3))
    likeness = library.search(similar_to=a.id, limit=1).next_cursor
    plain = library.search(limit=1).next_cursor
    assert likeness is not None and plain is not None
    made_up = [
        base64.urlsafe_b64encode(text.encode()).decode()
        for text in ("[]", "[false,0.0]", "[false,0.0,-1]", "[false,0.0,1e3]", '{"a":1}', "[" * 9999, "null",
                     "[false,0.0,true]", "[false,0.0,99999999999999999999]", "[true,NaN,1]")
    ]  # fmt: skip
    for cursor in (*made_up, "", "x", "é", "=", "A" * 10**6, "\x00", likeness):
        with pytest.raises(UserError, match="cursor"):
            library.search(cursor=cursor)
    with pytest.raises(UserError, match="cursor"):
        library.search(similar_to=b.id, cursor=plain)
    for wrong in ({"kind": "song"}, {"text": "x" * 1001}, {"tags": ["a/b"]}):
        with pytest.raises(UserError):
            library.search(**wrong)  # type: ignore[arg-type]


# ---- likeness


def test_likeness_is_the_cosine_of_what_was_given(library: Library) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((20, 16)) * 10.0 ** rng.integers(-150, 150, (20, 1))
    made = [library.add(sound(i, prompt=f"n{i}"), kind="take", embedding=v) for i, v in enumerate(vectors)]
    library.add(sound(50), kind="take")  # without one
    library.add(sound(51), kind="take", embedding=np.ones(8))  # of another size
    library.delete([made[7].id])
    units = vectors / np.abs(vectors).max(axis=1, keepdims=True)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    page = library.search(similar_to=made[0].id, limit=500)
    assert page.scores is not None and list(page.scores) == sorted(page.scores, reverse=True)
    assert {entry.id for entry in page.entries} == {entry.id for entry in made} - {made[0].id, made[7].id}
    numbers = [int(entry.name[1:]) for entry in page.entries]
    np.testing.assert_allclose(page.scores, units[numbers] @ units[0], atol=2e-3)
    assert ids(everything(library, similar_to=made[0].id, limit=3)) == ids(list(page.entries))
    assert [e.name for e in library.search("n1", similar_to=made[0].id).entries] == [
        e.name for e in page.entries if e.name.startswith("n1")
    ]


def test_pages_of_equally_alike_sounds_fit_together(library: Library) -> None:
    made = [library.add(sound(i), kind="take", embedding=np.ones(4)) for i in range(7)]
    assert ids(everything(library, similar_to=made[3].id, limit=2)) == ids(made[:3:-1] + made[2::-1])


def test_similarity_is_to_the_first_parent_whenever_it_is_known(library: Library) -> None:
    parent, other = library.add(sound(0), kind="take"), library.add(sound(1), kind="take", embedding=np.ones(2))
    child = library.add(sound(2), kind="refined", parents=[parent.id, other.id], embedding=np.array([1, 0]))
    assert child.similarity is None and parent.similarity is None
    library.embed(parent.id, np.array([3.0, 4.0]))
    assert library.get(child.id).similarity == pytest.approx(0.6, abs=1e-3)
    library.embed(child.id, np.array([0, 1]))
    assert library.get(child.id).similarity == pytest.approx(0.8, abs=1e-3)
    sibling = library.add(sound(3), kind="refined", parents=[parent.id], embedding=np.array([-3.0, -4.0]))
    assert sibling.similarity == pytest.approx(-1.0, abs=1e-3)
    assert library.add(sound(4), kind="refined", parents=[parent.id], embedding=np.ones(3)).similarity is None
    with pytest.raises(UserError, match="no embedding"):
        library.search(similar_to=library.add(sound(5), kind="take").id)


def test_an_embedding_costs_two_bytes_a_number(tmp_path: Path) -> None:
    import sqlite3

    with Library.open(tmp_path) as library:
        library.add(sound(), kind="take", embedding=np.ones(100))
    with sqlite3.connect(tmp_path / "library.db") as connection:
        assert connection.execute("SELECT length(vector), size FROM embeddings").fetchall() == [(200, 100)]
    connection.close()
