"""Report and contact sheet: complete, escaped, and of nothing but their folder."""

import codecs
import csv
import io
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import soundfile
from matplotlib.image import imread

from soundctm.audio import Clip, read_recipe
from soundctm.audio.levels import ROWS
from soundctm.audio.recipe import Turn
from soundctm.audio.spectrogram import picture
from soundctm.batch import outlet
from soundctm.batch.contact import INDEXED
from soundctm.batch.reading import read_text
from soundctm.batch.report import COLUMNS
from soundctm.batch.table import records
from soundctm.model import SoundCTM
from tests.batch.sheets import SHEET, product

OF_FILES = ("sample_rate", "loudness", "true_peak", "gain", "level_reached", "delivered_seconds", "cut")
VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Tags that are open, all that are named, what they refer to, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.references: list[str] = []
        self.places: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.places |= {value or "" for name, value in attrs if name == "id"}
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(folder: Path) -> tuple[list[dict[str, str]], Page]:
    with (folder / "report.csv").open(newline="", encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    page = Page()
    page.feed((folder / "index.html").read_text(encoding="utf-8"))
    assert page.open == []
    return table, page


def test_the_report_has_every_take(batch, tmp_path: Path) -> None:
    results = batch(SHEET)
    table, page = read(tmp_path / "out")
    assert len(table) == len(results) == 15 and tuple(table[0]) == COLUMNS
    for line in table:
        assert (line["verdict"] == "kept") == bool(line["file"])
        assert line["verdict"] == "kept" or line["reason"]
        if line["file"]:
            info = soundfile.info(tmp_path / "out" / line["file"])
            recipe = read_recipe(tmp_path / "out" / line["file"])
            assert recipe is not None
            turn = recipe.turns[-1] if recipe.turns else Turn(variation=0, share=0.0)
            told = (recipe.prompt, str(recipe.seed), str(turn.variation), f"{turn.share:.4f}")
            assert told == (line["prompt"], line["seed"], line["variation"], line["turn"])
            assert info.duration == float(line["seconds"])
            assert (line["steps"], line["sample_rate"]) == (str(recipe.steps), str(info.samplerate))
            assert line["format"] == ("flac" if info.format == "FLAC" else "wav24") and line["loop"] == "no"
        else:
            assert not any(line[column] for column in OF_FILES), "there is no file of which this could be said"
    kept = [line["file"] for line in table if line["file"]]
    assert {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out" / "sounds").iterdir()} == set(
        kept
    )
    assert set(kept) < set(page.references)


def test_the_contact_sheet_needs_nothing_but_its_folder(batch, tmp_path: Path) -> None:
    batch("prompt,name\nrain,door slam ä\nthunder,50-1_é ö\n")
    _, page = read(tmp_path / "out")
    assert "sounds/50-1_%C3%A9%20%C3%B6_01.wav" in page.references
    assert "script" not in page.tags
    for reference in page.references:
        assert (tmp_path / "out" / unquote(reference)).is_file(), reference
    assert {"img", "audio", "figure"} <= page.tags


def test_the_report_is_read_by_spreadsheets_and_by_us(batch, tmp_path: Path) -> None:
    batch("prompt,name\nein Türschlag,tür\n")
    path = tmp_path / "out" / "report.csv"
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    head, line = records(read_text(str(path)).text, ",")
    assert head.cells == COLUMNS and line.cells[COLUMNS.index("prompt")] == "ein Türschlag"
    seed = line.cells[COLUMNS.index("seed")]
    assert int(float(seed)) == int(seed)


def test_a_long_page_has_an_index(batch, tmp_path: Path) -> None:
    batch("prompt,takes,match,seconds\nrain,2,1,0.2\n" + "wind,1,,0.2\n" * INDEXED)
    _, page = read(tmp_path / "out")
    assert [each for each in page.references if each.startswith("#")] == [f"#row-{n}" for n in range(1, INDEXED + 2)]
    assert page.places == {f"row-{n}" for n in range(1, INDEXED + 2)} and "rain 0 of 2" in page.text
    batch("prompt\nrain\n", "short")
    assert "nav" not in read(tmp_path / "short")[1].tags


def test_the_contact_sheet_says_what_is_not_as_it_was_asked_for(batch, tmp_path: Path) -> None:
    results = batch(
        "prompt,loudness,ceiling,sample_rate,format,nu,seed\n"
        "rain,-1,-20,,,,\nrain,,,48000,wav16,20,6\nwind,,,48000,wav32f,20,6\n"
    )
    _, page = read(tmp_path / "out")
    assert page.text.count("is not the loudness that was asked for") == 1
    cut = results[1].cells["cut"]
    assert cut > 0 and page.text.count(f"samples beyond full scale were cut: {cut}") == 1
    assert page.text.count("were cut") == 1 and "Likest other take" in page.text


def test_prompts_are_text_and_nothing_else(batch, tmp_path: Path) -> None:
    wild = "<script>alert(1)</script> & \"quotes\" '' </style>"
    sheet = 'prompt,name\n"{}",a\n"=HYPERLINK(""x"")",b\n'.format(wild.replace('"', '""'))
    batch(sheet)
    table, page = read(tmp_path / "out")
    assert wild in page.text and "script" not in page.tags
    assert table[0]["prompt"] == wild
    assert table[1]["prompt"].startswith("'=")


def test_no_time_and_no_place_is_in_what_is_made(batch, tmp_path: Path) -> None:
    batch(SHEET, "one")
    batch(SHEET, "two")
    assert product(tmp_path / "one") == product(tmp_path / "two")
    assert str(tmp_path).encode() not in b"".join(
        data for name, data in product(tmp_path / "one").items() if "/" not in name
    )


def test_pictures_show_what_sounds(tiny: SoundCTM) -> None:
    (clip,) = tiny.generate("rain", seed=1)
    for samples in (clip.samples, 0 * clip.samples):
        seen = imread(io.BytesIO(outlet.picture(Clip(samples, clip.sample_rate))))
        wanted = picture(samples.mean(axis=0), clip.sample_rate) / 255
        np.testing.assert_allclose(seen[..., :3], wanted, atol=0.04)  # a step of the palette
    long = Clip(np.repeat(clip.samples, 100, axis=1), clip.sample_rate)
    assert imread(io.BytesIO(outlet.picture(long))).shape[:2] == (ROWS, outlet.WIDEST)
