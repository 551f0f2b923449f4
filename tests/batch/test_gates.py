"""Each gate keeps out what it is there for, and nothing else; a row's takes differ, a set's are relatives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from soundctm.audio import Clip, read_recipe
from soundctm.batch.ear import Ear, Heard, likeness, loudest_frame
from soundctm.batch.gates import Gates
from soundctm.batch.journal import as_text
from soundctm.batch.kinship import Kinship
from soundctm.model import SoundCTM
from tests.batch.sheets import make

GOOD = Heard(True, -20.0, 0.0, 0.001, 1.0, 1.0, 0.5, np.eye(4, dtype=np.float32)[0])


@pytest.fixture(scope="module")
def take(tiny: SoundCTM) -> Clip:
    return tiny.generate("rain", seed=1)[0]


@pytest.mark.parametrize(
    ("spoilt", "gate"),
    [
        ({"loudest": -60.1}, "silence"), ({"clipped": 0.0051}, "clipping"), ({"dc": -0.031}, "DC"),
        ({"seconds": 0.99}, "length"), ({"match": 0.29}, "match"), ({"finite": False}, "broken"),
    ],
)  # fmt: skip
def test_a_gate_keeps_out_what_is_beyond_it(spoilt: dict, gate: str) -> None:
    assert Gates().faults(GOOD) == []
    (fault,) = Gates().faults(replace(GOOD, **spoilt))
    assert fault.startswith(f"{gate}: ")


def test_without_a_shared_space_nothing_is_matched() -> None:
    assert Gates(match=1.0).faults(replace(GOOD, match=None)) == []


def spoil(clip: Clip, samples: np.ndarray) -> Clip:
    return Clip(np.ascontiguousarray(samples, dtype=np.float32), clip.sample_rate, clip.recipe)


def test_figures_of_a_take(tiny: SoundCTM, take: Clip) -> None:
    ear = Ear(tiny)
    heard = ear(take)
    assert heard.finite and heard.seconds == heard.wanted == 1.0
    assert heard.match is not None and -1 <= heard.match <= 1
    assert np.linalg.norm(heard.embedding) == pytest.approx(1.0, abs=1e-6)
    assert as_text(ear(take).embedding) == as_text(heard.embedding), "the same to the last bit"
    x = take.samples
    assert ear(spoil(take, 0.5 * x)).loudest == pytest.approx(heard.loudest - 20 * np.log10(2), abs=1e-4)
    assert ear(spoil(take, x + 0.1)).dc == pytest.approx(heard.dc + 0.1, abs=1e-6)
    assert ear(spoil(take, x[:, : x.shape[1] // 2])).seconds == 0.5
    assert ear(spoil(take, np.sign(x) * (np.abs(x) > np.quantile(np.abs(x), 0.75)))).clipped == pytest.approx(
        0.25, abs=0.01
    )
    silent = ear(spoil(take, 0 * x))
    assert silent.loudest == -200 and silent.embedding is None
    assert not ear(spoil(take, np.where(np.arange(x.shape[1]) == 5, np.nan, x))).finite


def test_likeness_of_embeddings() -> None:
    one, other = np.eye(4, dtype=np.float32)[:2]
    assert likeness(one, one) == 1 and likeness(one, other) == 0
    assert likeness(None, None) == 1 and likeness(one, None) == likeness(None, one) == 0


def test_the_loudest_frame_of_a_burst_counts() -> None:
    samples = np.zeros((1, 8000), dtype=np.float32)
    samples[0, 3000:3400] = 0.1  # 50 ms
    assert loudest_frame(samples, 8000) == pytest.approx(-20.0, abs=1e-3)
    assert loudest_frame(samples[:, :100], 8000) == -200


def embedded(results: list, out: Path, tiny: SoundCTM) -> list[np.ndarray]:
    """Embeddings of the files themselves."""
    ear = Ear(tiny)
    return [ear(Clip.load(out / result.files[0])).embedding for result in results if result.kept]


def test_no_two_takes_of_a_row_are_nearly_the_same(tiny: SoundCTM, tmp_path: Path) -> None:
    results = make(tiny, "prompt,takes,duplicate,tries\nrain,8,0.985,6\n", tmp_path / "out", format="wav32f")
    found = np.stack(embedded(results, tmp_path / "out", tiny))
    alike = found @ found.T - np.eye(len(found))
    assert len(found) >= 2 and alike.max() < 0.985 + 1e-6
    assert any("duplicate" in result.cells["reason"] for result in results), "the gate was put to use"


@pytest.mark.parametrize("distance", ["0.9-0.995", "0.98-0.992"])
def test_a_set_lies_between_its_bounds(distance: str, tiny: SoundCTM, tmp_path: Path) -> None:
    results = make(tiny, f"prompt,takes,distance,steps\nthunder,5,{distance},2\n", tmp_path / "out", format="wav32f")
    first, *others = embedded(results, tmp_path / "out", tiny)
    kinship = Kinship.parse(distance)
    assert len(others) >= 2
    for i, other in enumerate(others):
        assert kinship.lowest - 1e-6 <= first @ other < kinship.highest + 1e-6
        assert all(other @ later < kinship.highest + 1e-6 for later in others[i + 1 :])
    variations = {result.cells["variation"] for result in results if result.kept}
    assert len(variations) == len(others) + 1


def test_takes_that_are_no_set_come_again_with_the_next_seed(tiny: SoundCTM, tmp_path: Path) -> None:
    results = make(tiny, "prompt,takes,duplicate,tries,seed\nrain,8,0.985,6,40\n", tmp_path / "out")
    recipes = [(result, read_recipe(tmp_path / "out" / result.files[0])) for result in results if result.kept]
    assert any(result.cells["tries"] > 1 for result, _ in recipes), "some came again"
    for result, recipe in recipes:
        assert recipe is not None and recipe.turns == ()
        assert (recipe.take, recipe.seed) == (result.cells["take"] - 1, 39 + result.cells["tries"])


def test_a_set_to_a_curve_begins_with_the_audition_of_its_first(tiny: SoundCTM, tmp_path: Path) -> None:
    """Whether it is made in one go or goes on with a first take that was there."""
    curve = "0:-40, 0.25:-12"
    for takes in (1, 3):
        sheet = f'prompt,takes,distance,steps,intensity,match,seconds\nrain,{takes},0-1,2,"{curve}",-1,0.25\n'
        results = make(tiny, sheet, tmp_path / "out", duplicate="2", tries="2")
    heard = {getattr(read_recipe(tmp_path / "out" / result.files[0]), "audition", -1) for result in results}
    assert len(results) == 3 and len(heard) == 1 and heard < set(range(256))


def test_a_narrow_range_is_found(tiny: SoundCTM, tmp_path: Path) -> None:
    """Likeness falls steadily from 1 as the start is turned: every value above that of other noise is met."""
    results = make(tiny, "prompt,takes,distance,steps\nthunder,5,0.99-0.994,4\n", tmp_path / "out", format="wav32f")
    assert all(result.kept for result in results)
    assert len({result.cells["turn"] for result in results[1:]}) > 1, "each by its own"


def test_a_set_without_a_first_take_is_given_up(tiny: SoundCTM, tmp_path: Path) -> None:
    results = make(tiny, "prompt,takes,distance,match,tries\nrain,3,near,1,2\n", tmp_path / "out", steps="2")
    assert [result.cells["tries"] for result in results] == [2, 0, 0]
    assert "no first take" in results[1].cells["reason"]


def test_more_takes_leave_those_of_a_set_as_they_were(tiny: SoundCTM, tmp_path: Path) -> None:
    few, many = (
        make(tiny, f"prompt,takes,distance,steps,duplicate\nthunder,{takes},0.98-0.996,4,2\n", tmp_path / str(takes))
        for takes in (4, 7)
    )
    assert any(result.cells["tries"] > 1 and result.kept for result in few[1:]), "some came again"
    for one, other in zip(few, many, strict=False):
        assert one.cells | {"nearest": 0} == other.cells | {"nearest": 0}  # to those that were kept before it
        assert (tmp_path / "4" / one.files[0]).read_bytes() == (tmp_path / "7" / other.files[0]).read_bytes()


@pytest.mark.parametrize("text", ["", "close", "0.5", "0.9-0.5", "0.1-2", "a-b", "0.5-0.9@2", "nan-1", "0.1-0.2-0.3"])
def test_what_is_no_distance(text: str) -> None:
    with pytest.raises(ValueError, match="distance"):
        Kinship.parse(text)
