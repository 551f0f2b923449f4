"""Texts in files: of any signs, of any length, and the sentence on the origin."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from soundctm.audio.comments import parse_comments, read_comments
from soundctm.audio.io import to_pcm24
from soundctm.delivery.chunks import bext, ixml, plain
from soundctm.delivery.formats import encode
from soundctm.delivery.provenance import NOT_STATED, Origin, licence_in
from soundctm.delivery.tags import Tags
from soundctm.delivery.vorbis import comment_block, flac_with, ogg_with
from soundctm.folder import card
from tests.delivery.making import PROMPT, SOUND, TAKE, delivered
from tests.oracles.sounds import encoded
from tests.oracles.takes import recipe

# ---- texts


@given(st.text(max_size=300))
def test_plain_text_is_ascii_of_the_same_meaning(text: str) -> None:
    assert plain(text).isascii()
    assert plain("Überdach, café") == "Uberdach, cafe"


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,12}", fullmatch=True), st.text(max_size=400), max_size=8))
@settings(max_examples=25, deadline=None)
def test_comments_come_back_from_a_block_and_from_files(comments: dict[str, str]) -> None:
    assert parse_comments(comment_block(comments)) == comments


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 60000, 70000, 140000])
def test_comments_of_any_size_leave_the_sound_as_it_was(size: int, tmp_path: Path) -> None:
    for kind, subtype, mark in (("FLAC", "PCM_24", flac_with), ("OGG", "VORBIS", lambda d, c: ogg_with(d, c, 77))):
        bare = encoded(SOUND.samples.T, 44100, kind, subtype)
        path, plain_path = tmp_path / f"a.{kind.lower()}", tmp_path / f"b.{kind.lower()}"
        path.write_bytes(mark(bare, {"TEXT": "x" * size}))
        plain_path.write_bytes(bare)
        assert np.array_equal(soundfile.read(path)[0], soundfile.read(plain_path)[0])
        assert read_comments(path) == {"TEXT": "x" * size}


@given(st.text(st.characters(), max_size=60))
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_written_and_read_as_xml(text: str) -> None:
    done = delivered("wav24")
    prompt = text.encode("utf-8", "replace").decode() or "x"  # half a surrogate pair is no prompt, see check_prompt
    told = Tags(title=text, creator=text, project=text, copyright=text, origin=Origin(recipe(prompt=prompt)))
    root = ElementTree.fromstring(ixml(done, told))
    assert (root.findtext("USER/FULLTITLE") or "") == told.title and len(told.title) == len(text)
    assert len(encode(done, told)) > len(SOUND.samples[0])
    assert b"FULLTITLE" in encode(done, told) or not told.title


# ---- origin


def test_the_origin_is_told_in_one_sentence() -> None:
    said = Origin(TAKE, "CC BY 4.0").statement
    for part in (
        "SYNTHETIC",
        "soundctm 0.1.0",
        "mini 0123456789abcdef",
        "CC BY 4.0",
        "seed 7, take 3, steps 16",
        PROMPT,
    ):
        assert part in said
    assert "/home" not in Origin(recipe(model="/home/ann/models/rain")).statement
    assert Origin(recipe(model="/home/ann/models/rain")).model == "rain 0123456789abcdef"
    assert Origin(recipe(model="user/rain")).model_name == "user/rain"
    assert Tags(title="x").statement == "origin unknown: no recipe came with this sound"


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("# A\n\nLicence of the weights: Apache-2.0, with attribution.\n", "Apache-2.0, with attribution"),
        ("---\nlicense: cc-by-4.0\n---\n# B\n", "cc-by-4.0"),
        ('license: "mit"', "mit"),
        ("# C\nThe licence is a long story.", NOT_STATED),
        ("Licence of the weights: A.\n\nLicence for sounds: B; attribute C.\n", "B; attribute C"),
        ("", NOT_STATED),
    ],
)
def test_a_card_states_its_licence(card: str, licence: str) -> None:
    assert licence_in(card) == licence


def test_the_card_of_the_shipped_model_says_whom_to_attribute_in_one_line_that_stands_alone() -> None:
    licence = licence_in(card("mini"))
    assert all(name in licence for name in ("Apache-2.0", "ESC-10", "Karol J. Piczak", "CC BY 3.0"))
    assert "above" not in licence and "below" not in licence
    done = delivered("wav24")
    told = Tags(title="Heavy Rain", origin=Origin(TAKE, licence))
    assert licence in told.statement and licence.encode() in bext(done, told)[:256]


def test_a_card_is_found_where_the_model_lies_and_nothing_is_loaded_for_it(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"Licence of the weights: \xff ours.")
    assert licence_in(card(str(tmp_path))) == "\ufffd ours"
    for name in ("gone", "nobody/nothing", "/nowhere", "../..//x"):
        assert card(name) == ""


def test_the_digest_of_a_delivered_clip_names_it() -> None:
    done = delivered("wav24")
    assert np.array_equal(to_pcm24(done.clip.samples), to_pcm24(SOUND.samples)) and done.clip.digest == SOUND.digest
