"""Lines of descent: deep ones, wide ones, and ones with gaps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from soundctm.server.library import Library
from soundctm.server.library.files import Label
from soundctm.server.library.rows import insert_entry, new_row
from tests.server.library.makers import check_laws, sound


def add(library: Library, *parents: str) -> str:
    return library.add(sound(), kind="refined" if parents else "take", parents=parents).id


def test_a_family_is_all_above_and_all_below_and_nobody_beside(library: Library) -> None:
    #   a   b       a and b make c; c makes d and e; d and e make f; a makes g
    a, b = add(library), add(library)
    c = add(library, a, b)
    d, e = add(library, c), add(library, c)
    f, g = add(library, d, e), add(library, a)
    add(library)
    tree = library.ancestry(d)
    assert [entry.id for entry in tree.entries] == [a, b, c, d, f] and tree.root == d and tree.missing == ()
    assert set(tree.links) == {(a, c), (b, c), (c, d), (d, f)}
    whole = library.ancestry(c)
    assert {entry.id for entry in whole.entries} == {a, b, c, d, e, f} and len(whole.links) == 6
    assert {entry.id for entry in library.ancestry(a).entries} == {a, c, d, e, f, g}
    assert library.ancestry(g).links == ((a, g),)
    assert library.get(f).parents == (d, e) and library.get(c).parents == (a, b)


def test_a_line_goes_on_through_what_was_purged(library: Library) -> None:
    a = add(library)
    b = add(library, a)
    c = add(library, b)
    d = add(library, c)
    library.delete([a])
    assert [entry.id for entry in library.ancestry(d).entries] == [a, b, c, d]
    library.restore([a])
    library.delete([b])
    library.purge(timedelta(0))
    tree = library.ancestry(d)
    assert [entry.id for entry in tree.entries] == [a, c, d] and tree.missing == (b,)
    assert set(tree.links) == {(a, b), (b, c), (c, d)} and library.get(c).parents == (b,)
    check_laws(library)


def list_rows(library: Library, parents: dict[str, tuple[str, ...]]) -> None:
    """Rows alone, which are what is walked: files take their time."""
    label = Label(kind="take", name="a", created=datetime.now(UTC), owner="")
    with library._database.writing() as session:
        for identifier, own in parents.items():
            insert_entry(session, new_row(identifier, sound(), label), own)


def test_a_ladder_is_walked_once(library: Library) -> None:
    """Forty generations of two, each made of both before: 2^40 ways lead up, past 80 sounds."""
    rungs = [(f"{2 * number:032x}", f"{2 * number + 1:032x}") for number in range(40)]
    list_rows(library, {one: rungs[n - 1] if n else () for n, rung in enumerate(rungs) for one in rung})
    tree = library.ancestry(rungs[-1][0])
    assert len(tree.entries) == 79 and len(tree.links) == 38 * 4 + 2


def test_a_chain_of_five_hundred(library: Library) -> None:
    chain = [f"{number:032x}" for number in range(500)]
    list_rows(library, {chain[0]: (), **{child: (parent,) for parent, child in pairwise(chain)}})
    for middle in (chain[0], chain[250], chain[-1]):
        tree = library.ancestry(middle)
        assert [entry.id for entry in tree.entries] == chain
        assert set(tree.links) == set(pairwise(chain))
