"""A prompt that a model takes for something else is not made; one that it takes for nearly the same is."""

from pathlib import Path

import pytest

from soundctm.batch.faults import SheetError
from soundctm.batch.gates import Gates
from soundctm.batch.grasp import Grasp, Meaning, grasp
from soundctm.batch.hints import hints
from soundctm.batch.naming import Naming
from soundctm.batch.order import orders
from soundctm.forbidden import make_filter
from soundctm.model import SoundCTM
from tests.batch.sheets import rows
from tests.conftest import REPOSITORY

UNSEEN = REPOSITORY / "benchmarks" / "unseen_prompts.txt"


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    return Meaning(SoundCTM.from_pretrained("mini"))


def test_words_that_are_known_are_taken_as_they_are(meaning: Meaning) -> None:
    found = grasp("a dog barking", meaning)
    assert found == Grasp("a dog barking", None) and Gates().refusal(found) == ""


def test_synonyms_of_what_was_learnt_pass(meaning: Meaning) -> None:
    prompts = [line.split("\t")[1] for line in UNSEEN.read_text().splitlines()]
    found = [grasp(prompt, meaning) for prompt in [*prompts, "a hound yapping"]]
    assert all(each.nearness is not None for each in found), "each has a word that was never learnt"
    assert [each for each in found if Gates().refusal(each)] == []


@pytest.mark.parametrize("prompt", ["zzqx blorf wug", "didgeridoo", "qwertyuiop"])
def test_what_is_taken_for_something_else_is_refused(prompt: str, meaning: Meaning) -> None:
    found = grasp(prompt, meaning)
    reason = Gates().refusal(found)
    assert reason.startswith(f'understood as "{found.text}", which is too far from the prompt (0.')
    assert Gates(understood=-1).refusal(found) == ""


def test_what_is_forbidden_is_not_made_of_other_words_either(meaning: Meaning, tmp_path: Path) -> None:
    (tmp_path / "no.txt").write_text("dog\n")
    sheet, forbidden = "prompt\nrain\na hound baying\nzzqx blorf wug\n", make_filter([tmp_path / "no.txt"], None)
    assert forbidden.reason("a hound baying") == ""
    with pytest.raises(SheetError) as caught:
        orders(meaning.model, rows(sheet), 0, Naming(meaning=meaning), "cues", forbidden)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column) == (3, "prompt")
    assert fault.what == "refused: the model understands it as \"a dog\": the list of what is forbidden has 'dog'"
    assert len(orders(meaning.model, rows(sheet), 0, Naming(meaning=meaning), "cues")) == 3


def test_rows_that_mean_the_same_are_noted_where_something_is_made_of_them(meaning: Meaning) -> None:
    lines = rows("prompt,seed\na hound baying,5\na dog,5\nthe dog,6\nrain,5\nzzqx blorf wug,5\nzzqx blorf wig,5\n")
    (note,) = hints(lines, orders(meaning.model, lines, 0, Naming(meaning=meaning), "cues"))
    assert note.startswith("lines 2, 3 mean the same to the model")


def test_the_threshold_is_the_last_that_passes() -> None:
    assert Gates(understood=0.5).refusal(Grasp("rain", 0.5)) == ""
    assert Gates(understood=0.5).refusal(Grasp("rain", 0.49)) == (
        'understood as "rain", which is too far from the prompt (0.49; 0.5 is needed); say it in other words'
    )
