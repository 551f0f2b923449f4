"""A list of categories as its user has it, and what a prompt suggests. The lists here are of our own words."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import UserError
from soundctm.delivery.ucs import THRESHOLD, Catalogue, Remembered, read_catalogue
from soundctm.folder import SHIPPED, read_parts

ROWS = (
    ("RAIN", "GENERAL", "RAINGen", "RAIN", "water from above", "rainfall, drizzle, downpour"),
    ("DOORS", "WOOD", "DOORWood", "DOOR", "hinged", "wooden door, creak, slam, knock"),
    ("ANIMALS", "DOG", "ANMLDog", "ANML", "barking", "bark, growl, puppy, hound"),
    ("FIRE", "BURNING", "FIREBurn", "FIRE", "flames", "crackle, flame, campfire, blaze"),
    ("CLOCKS", "TICK", "CLOKTick", "CLOK", "time", "tick tock, watch"),
    ("WATER", "WAVES", "WATRWave", "WATR", "sea", "ocean, sea, surf, shore, beach"),
)
HEADINGS = ("Category", "SubCategory", "CatID", "CatShort", "Explanations", "Synonyms - Comma Separated")


def table(rows: Sequence[Sequence[str]], separator: str = ",", headings: Sequence[str] = HEADINGS) -> str:
    quote = lambda cell: f'"{cell}"' if separator in cell or '"' in cell or "\n" in cell else cell
    return "\n".join(separator.join(map(quote, row)) for row in (headings, *rows)) + "\n"


def read(folder: Path, data: bytes | str, name: str = "list.csv") -> Catalogue:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_catalogue(path)


PLAIN = table(ROWS)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        table(ROWS, ";"),
        table(ROWS, "\t"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        "THE LIST,,,,,\nversion 0,,,,,\n\n" + PLAIN,
        PLAIN + ",,,,,\n\n",
        table([row[::-1] for row in ROWS], headings=HEADINGS[::-1]),
        table(ROWS, headings=("category", "Sub Category", "cat id", "CatShort", "Explanations", "SYNONYMS")),
    ],
    ids=["comma", "semicolon", "tab", "windows", "bom", "utf-16", "titles", "empty rows", "other order", "other case"],
)
def test_a_list_is_read_however_it_was_saved(data: bytes | str, tmp_path: Path) -> None:
    catalogue = read(tmp_path, data)
    assert [(c.category, c.sub_category, c.cat_id) for c in catalogue.categories] == [row[:3] for row in ROWS]
    assert catalogue.find("doorwood").synonyms == ("wooden door", "creak", "slam", "knock")
    assert catalogue.find("DOORWood-Cupboards").cat_id == "DOORWood"
    assert catalogue.spelled("doorwood-Cupboards") == "DOORWood-Cupboards"
    assert catalogue.spelled("DOORWOOD") == "DOORWood"
    with pytest.raises(UserError, match=r"not in .* 6 categories"):
        catalogue.find("WINDGust")


def test_the_least_columns_suffice(tmp_path: Path) -> None:
    catalogue = read(tmp_path, table([row[:3] for row in ROWS], headings=HEADINGS[:3]))
    assert catalogue.categories[1].synonyms == () and catalogue.categories[1].line == "doors wood"


BROKEN: dict[str, tuple[bytes | str, str]] = {
    "no file": (b"", "no line of headings"),
    "no headings": (table(ROWS[1:], headings=ROWS[0]), "no line of headings with category, subcategory, catid"),
    "a heading missing": (table(ROWS, headings=("Category", "SubCategory", "ID", "a", "b", "c")), "with catid"),
    "nothing below": (table([]), "no category below"),
    "an empty cell": (
        PLAIN.replace("CLOCKS,TICK,CLOKTick", "CLOCKS,,CLOKTick"),
        "line 6, column 2: subcategory is empty",
    ),
    "a short row": (PLAIN + "WIND\n", "line 8, column 2: subcategory is empty"),
    "no CatID": (PLAIN.replace("ANMLDog", "the dog"), "line 4, column 3: 'the dog' is no CatID"),
    "a path": (PLAIN.replace("ANMLDog", "../Dog"), "line 4, column 3"),
    "twice": (PLAIN + "A,B,RAINGEN,,,\n", "line 8, column 3: RAINGEN is there twice"),
    "latin": (PLAIN.encode().replace(b"hinged", b"h\xe4nged"), "line 3, byte 27"),
    "an open quote": (PLAIN + '"A,B,RAINX,,,\n', "line 8"),
    "a spreadsheet": (b"PK\x03\x04rest", "save it as CSV"),
    "a nul": (PLAIN + "A,B,RAIN\0X,,,\n", "line 8"),
}


@pytest.mark.parametrize("kind", list(BROKEN))
def test_what_is_wrong_with_a_list_is_said_in_one_line(kind: str, tmp_path: Path) -> None:
    data, said = BROKEN[kind]
    with pytest.raises(UserError) as refused:
        read(tmp_path, data)
    assert said in str(refused.value) and "list.csv" in str(refused.value) and "\n" not in str(refused.value)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UserError, match="no such file"):
            read_catalogue(path)


# ---- suggestions


def test_suggestions_are_cosines_best_first(tmp_path: Path) -> None:
    catalogue = read(tmp_path, PLAIN)
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((7, 5))
    found = catalogue.suggest("x", lambda texts: vectors[: len(texts)] * 3.0, count=6, threshold=0.1)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = unit[1:] @ unit[0]
    assert [s.score for s in found] == pytest.approx(sorted(wanted, reverse=True))
    assert [catalogue.categories.index(s.category) for s in found] == list(np.argsort(-wanted))
    assert [s.confident for s in found] == [s.score >= 0.1 for s in found]


def test_the_shipped_encoder_finds_categories_and_knows_when_it_does_not(tmp_path: Path) -> None:
    encoder = read_parts(SHIPPED / "mini").text_encoder
    with torch.inference_mode():
        catalogue = read(tmp_path, PLAIN)
        suggest = lambda prompt: catalogue.suggest(prompt, lambda texts: encoder.sentences(texts).numpy(), count=1)[0]
        for prompt, cat_id in {
            "heavy rain on a tin roof": "RAINGen", "three slow knocks on a wooden door": "DOORWood",
            "a puppy whining": "ANMLDog", "a crackling fire": "FIREBurn", "waves on the shore": "WATRWave",
            "a ticking clock": "CLOKTick",
        }.items():  # fmt: skip
            found = suggest(prompt)
            assert found.category.cat_id == cat_id and found.confident and found.score >= THRESHOLD
        for prompt in ("financial report of the third quarter", "asdf qwer", "the concept of justice", "bread"):
            assert not suggest(prompt).confident


def test_each_text_is_embedded_once_for_all_sounds() -> None:
    asked: list[str] = []

    def vector(text: str) -> np.ndarray:
        asked.append(text)
        return np.asarray([len(text), 1.0])

    remembered = Remembered(vector)
    first = remembered(["rain", "hail", "rain"])
    assert np.array_equal(first, [[4, 1], [4, 1], [4, 1]]) and asked == ["rain", "hail"]
    assert np.array_equal(remembered(["storm", "hail"]), [[5, 1], [4, 1]]) and asked == ["rain", "hail", "storm"]
