"""The search for a relative at a given distance."""

from hypothesis import given
from hypothesis import strategies as st

from soundctm.batch.kinship import Kinship
from soundctm.batch.search import LEAST, MOST, Search

SHARES = st.floats(0.02, 0.5)


@given(SHARES, st.floats(LEAST, MOST / 1.3))
def test_what_some_share_gives_is_found_in_a_few_tries(begun: float, near: float) -> None:
    """Shares up to one number stay too near, from a third more on they go too far."""
    search = Search.begin(begun)
    for _ in range(9):
        if near < search.share < 1.3 * near:
            break
        search = search.after(too_far=search.share >= 1.3 * near, too_near=search.share <= near)
    assert near < search.share < 1.3 * near and search.drawn == 0


@given(SHARES, st.booleans())
def test_noise_that_never_fits_gives_way_to_other_noise(begun: float, far: bool) -> None:
    search = Search.begin(begun)
    for _ in range(9):
        search = search.after(too_far=far, too_near=not far)
        assert LEAST <= search.share <= MOST
        if search.drawn:
            break
    assert search == Search(begun, begun, 1)


@given(SHARES, SHARES)
def test_where_nothing_lies_between_other_noise_is_drawn(begun: float, edge: float) -> None:
    """Likeness that jumps at one share from too near to too far."""
    search = Search.begin(begun)
    for _ in range(12):
        search = search.after(too_far=search.share > edge, too_near=search.share <= edge)
        if search.drawn:
            break
    assert search == Search(begun, begun, 1)


@given(SHARES, st.booleans())
def test_a_fault_that_is_not_the_distance_draws_other_noise(begun: float, both: bool) -> None:
    assert Search.begin(begun).after(both, both) == Search(begun, begun, 1)


@given(st.floats(0.0, 0.999), st.floats(1e-4, 1.0))
def test_a_distance_begins_with_a_share_that_may_be_searched(lowest: float, wide: float) -> None:
    assert LEAST <= Kinship(lowest=lowest, highest=min(1.0, lowest + wide)).begun <= MOST
