"""Names by the Universal Category System: given by the sheet, or suggested with a score; what stands in files."""

from pathlib import Path

import pytest

from soundctm.batch.config import read_config
from soundctm.batch.faults import SheetError
from soundctm.batch.job import make_batch, naming_of
from soundctm.batch.order import orders
from soundctm.model import SoundCTM
from tests.batch.sheets import LENIENT, product, rows

LIST = "Category,SubCategory,CatID,Synonyms\nWEATHER,THUNDER,WTHRThnd,thunder\nBELLS,SMALL,BELLSml,a bell\n"
SHEET = "prompt,name,catid\nthunder,far_one,\na bell,ding,BELLSml-Mine\n"


@pytest.fixture
def config(tmp_path: Path):
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "batch.toml").write_text(
        '[files]\ncreator = "ABC"\nsource = "LIB"\nproject = "Storm"\ndate = 2024-05-06\nucs = "list.csv"\n'
    )
    return read_config(tmp_path / "batch.toml")


def test_categories_are_given_or_suggested_with_a_score(tiny: SoundCTM, config, tmp_path: Path) -> None:
    results = make_batch(tiny, rows(SHEET, **LENIENT), "cues", tmp_path / "out", config)
    first, second = (result.cells for result in results)
    assert second["file"] == "sounds/BELLSml-Mine_ding 01_ABC_LIB.wav" and second["catid_score"] is None
    assert -1 <= first["catid_score"] <= 1
    named = {"WTHRThnd", "BELLSml"} if first["catid_score"] >= 0.5 else {""}
    assert first["catid"] in named
    assert first["file"].startswith(f"sounds/{first['catid']}_far one 01" if first["catid"] else "sounds/far_one_01")


def test_a_suggestion_does_not_depend_on_what_was_asked_before(tiny: SoundCTM, config) -> None:
    naming = naming_of(tiny, config.files)
    found = [order.called for order in orders(tiny, rows(SHEET), 0, naming, "cues")]
    assert [orders(tiny, rows(SHEET), 0, naming_of(tiny, config.files), "cues")[0].called, found[1]] == found
    assert orders(tiny, rows(SHEET)[::-1], 0, naming, "cues")[1].called == found[0]


def test_categories_that_cannot_be(tiny: SoundCTM, config) -> None:
    naming = naming_of(tiny, config.files)
    for sheet, said in [
        ("prompt,catid\nrain,RAINMed\n", "line 2, column name: CatID 'RAINMed' is not in"),
        ("prompt,name,catid\na,one_two,BELLSml\nb,one two,BELLSml\n", "line 3, column name: its files are called like"),
    ]:
        with pytest.raises(SheetError, match=said):
            orders(tiny, rows(sheet), 0, naming, "cues")
    bare = naming_of(tiny, config.files.model_copy(update={"creator": ""}))
    with pytest.raises(SheetError, match="needs the other fields"):
        orders(tiny, rows("prompt,catid\nrain,BELLSml\n"), 0, bare, "cues")


def test_a_changed_imprint_makes_the_files_anew(tiny: SoundCTM, config, tmp_path: Path) -> None:
    other = config.model_copy(update={"files": config.files.model_copy(update={"project": "Calm"})})
    for folder, each in (("out", config), ("out", other), ("other", other)):
        make_batch(tiny, rows(SHEET, **LENIENT), "cues", tmp_path / folder, each)
    assert product(tmp_path / "out") == product(tmp_path / "other")
    data = b"".join(data for name, data in product(tmp_path / "out").items() if name.endswith(".wav"))
    assert b"Calm" in data and b"Storm" not in data and b"2024-05-06" in data
