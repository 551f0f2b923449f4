"""Names by the Universal Category System: given by the sheet, or suggested with a score; what stands in files."""

from pathlib import Path

import numpy as np
import pytest

from soundctm.batch.config import read_config
from soundctm.batch.faults import SheetError
from soundctm.batch.grasp import Meaning
from soundctm.batch.job import make_batch, naming_of
from soundctm.batch.names import name_of
from soundctm.batch.order import orders
from soundctm.delivery.names import fx_name_of
from soundctm.delivery.ucs import THRESHOLD, Catalogue
from soundctm.errors import UserError
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
    results = make_batch(tiny, rows(SHEET, **LENIENT), "cues", tmp_path / "out", config).results
    first, second = (result.cells for result in results)
    assert second["file"] == "sounds/BELLSml-Mine_ding 01_ABC_LIB.wav" and second["catid_score"] is None
    catalogue, meaning = naming_of(tiny, config.files).catalogue, Meaning(tiny)
    prompt, *lines = meaning(["thunder", *(category.line for category in catalogue.categories)]).astype(np.float64)
    cosines = [line @ prompt / np.linalg.norm(line) / np.linalg.norm(prompt) for line in lines]
    assert first["catid_score"] == pytest.approx(max(cosines), abs=0.0006)
    assert first["catid_nearest"] == ("WTHRThnd", "BELLSml")[int(np.argmax(cosines))]
    assert second["catid_nearest"] == ""
    near = max(cosines) >= THRESHOLD
    assert first["catid"] == (first["catid_nearest"] if near else "")
    assert first["file"].startswith(f"sounds/{first['catid']}_far one 01" if near else "sounds/far_one_01")
    score = f"{first['catid_score']:.3f}"
    said = f"{first['catid']}, suggested with a score of {score}" if near else f"{first['catid_nearest']} at {score}"
    page = (tmp_path / "out" / "index.html").read_text()
    assert said in page and "Category: BELLSml-Mine</p>" in page


@pytest.mark.parametrize("threshold", [-1.0, 2.0])
def test_what_is_too_far_off_is_told_but_names_nothing(
    threshold: float, tiny: SoundCTM, config, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggest = Catalogue.suggest
    monkeypatch.setattr(Catalogue, "suggest", lambda *a, count: suggest(*a, count=count, threshold=threshold))
    (order,) = orders(tiny, rows("prompt\nthunder\n"), 0, naming_of(tiny, config.files), "cues")
    about = order.called.about
    assert about["catid_nearest"] in ("WTHRThnd", "BELLSml")
    assert about["catid"] == (about["catid_nearest"] if threshold < 0 else "")


def test_names_are_those_that_deliver_gives(tiny: SoundCTM, config) -> None:
    long = "a heavy wooden door creaks open very slowly"
    sheet = f"prompt,name,catid\n{long},,BELLSml\n{long} indoors,,BELLSml\nrain,,BELLSml\nrain,,BELLSml\n"
    found = [order.called for order in orders(tiny, rows(sheet), 0, naming_of(tiny, config.files), "cues")]
    assert [called.name.fx_name for called in found] == [
        fx_name_of(long), name_of(f"{long} indoors"), "Rain", "Rain 2",
    ]  # fmt: skip
    assert fx_name_of(long) == fx_name_of(f"{long} indoors"), "so the second one falls back on its row's name"


def test_the_title_is_the_fx_name(tiny: SoundCTM, config, tmp_path: Path) -> None:
    sheet = "prompt,catid\nheavy rain on a tin roof,BELLSml\n"
    (result,) = make_batch(tiny, rows(sheet, **LENIENT), "cues", tmp_path / "out", config).results
    assert result.cells["file"] == "sounds/BELLSml_Heavy Rain On A Tin Roof 01_ABC_LIB.wav"
    data = (tmp_path / "out" / result.files[0]).read_bytes()
    assert b"Heavy Rain On A Tin Roof" in data and b"Heavy Rain On A Tin Roof 01" not in data


def test_a_catid_has_the_capitals_of_the_list_everywhere(tiny: SoundCTM, config, tmp_path: Path) -> None:
    sheet = "prompt,name,catid\na bell,ding,bellsml-Mine\n"
    (result,) = make_batch(tiny, rows(sheet, **LENIENT), "cues", tmp_path / "out", config).results
    assert result.cells["catid"] == "BELLSml-Mine"
    assert result.files[0] == "sounds/BELLSml-Mine_ding 01_ABC_LIB.wav"
    data = (tmp_path / "out" / result.files[0]).read_bytes()
    assert b"BELLSml-Mine" in data and b"bellsml" not in data


def test_a_suggestion_does_not_depend_on_what_was_asked_before(tiny: SoundCTM, config) -> None:
    naming = naming_of(tiny, config.files)
    found = [order.called for order in orders(tiny, rows(SHEET), 0, naming, "cues")]
    assert [orders(tiny, rows(SHEET), 0, naming_of(tiny, config.files), "cues")[0].called, found[1]] == found
    assert orders(tiny, rows(SHEET)[::-1], 0, naming, "cues")[1].called == found[0]


def test_categories_that_cannot_be(tiny: SoundCTM, config) -> None:
    naming = naming_of(tiny, config.files)
    for sheet, said in [
        ("prompt,catid\nrain,RAINMed\n", "line 2, column catid: CatID 'RAINMed' is not in"),
        ("prompt,name,catid\na,one_two,BELLSml\nb,one two,BELLSml\n", "line 3, column name: its files are called like"),
    ]:
        with pytest.raises(SheetError, match=said):
            orders(tiny, rows(sheet), 0, naming, "cues")
    unlisted = naming_of(tiny, config.files.model_copy(update={"ucs": None}))
    with pytest.raises(SheetError, match="line 2, column catid: CatID 'bellsml' is none"):
        orders(tiny, rows("prompt,catid\nrain,bellsml\n"), 0, unlisted, "cues")
    for field, text in (("creator", "A/B"), ("source", "S_1")):
        with pytest.raises(UserError, match=f"^{field} '{text}' has "):
            naming_of(tiny, config.files.model_copy(update={field: text}))
    nameless = config.files.model_copy(update={"creator": ""})
    with pytest.raises(UserError, match="a list of categories needs the other fields"):
        naming_of(tiny, nameless)
    bare = naming_of(tiny, nameless.model_copy(update={"ucs": None}))
    with pytest.raises(SheetError, match="line 2, column catid: the CatID BELLSml needs the other fields"):
        orders(tiny, rows("prompt,catid\nrain,BELLSml\n"), 0, bare, "cues")


def test_a_changed_imprint_makes_the_files_anew(tiny: SoundCTM, config, tmp_path: Path) -> None:
    other = config.model_copy(update={"files": config.files.model_copy(update={"project": "Calm"})})
    for folder, each in (("out", config), ("out", other), ("other", other)):
        make_batch(tiny, rows(SHEET, **LENIENT), "cues", tmp_path / folder, each)
    assert product(tmp_path / "out") == product(tmp_path / "other")
    data = b"".join(data for name, data in product(tmp_path / "out").items() if name.endswith(".wav"))
    assert b"Calm" in data and b"Storm" not in data and b"2024-05-06" in data
