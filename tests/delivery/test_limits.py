"""Figures, texts, names and sizes that a format has no room for are cut, marked or refused, and break no file."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from soundctm import Clip, UserError
from soundctm.delivery import Delivered, Delivery, deliver
from soundctm.delivery.chunks import bext, info, ixml
from soundctm.delivery.formats import encode, write
from soundctm.delivery.names import UcsName
from soundctm.delivery.provenance import Origin
from soundctm.delivery.reading import read_tags
from soundctm.delivery.tags import Tags
from soundctm.delivery.ucs import Category
from tests.oracles.recordings import recording
from tests.oracles.sounds import encoded
from tests.oracles.takes import recipe

TAKE = recipe(prompt="rain", sample_rate=44100)
SOUND = recording(seconds=0.5, rate=44100)
TAGS = Tags(
    title="Heavy Rain", when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), copyright="2026 Ann", origin=Origin(TAKE)
)


def delivered(form: str) -> Delivered:
    return deliver(Clip(SOUND.samples, SOUND.sample_rate, TAKE), Delivery.of({"format": form}))


@pytest.mark.parametrize("gain", [1e-18, 1e-5, 1e18])
def test_figures_beyond_the_range_of_the_standard_count_as_not_measured(gain: float) -> None:
    done = deliver(Clip((SOUND.samples * gain).astype(np.float32), 44100), Delivery(format="wav32f"))
    assert struct.unpack_from("<5h", bext(done, Tags(title="x")), 412)[2] == 0x7FFF
    assert len(encode(done, Tags(title="x"))) > 4 * SOUND.samples.size


def test_a_long_title_leaves_room_for_the_origin() -> None:
    description = bext(delivered("wav24"), replace(TAGS, title="rain " * 200))[:256]
    assert b"SYNTHETIC sound" in description and b"0123456789abcdef" in description


def test_odd_signs_in_an_origin_break_no_chunk() -> None:
    odd = TAKE.model_copy(update={"model": "a,b\x01\r\nT=c", "version": "1\r\n2"})
    told = replace(TAGS, origin=Origin(odd, "ours\x00\x0b, all"), keywords=("a\x02",))
    done = delivered("wav24")
    root = ElementTree.fromstring(ixml(done, told))
    assert root.findtext("USER/LICENCE") == "ours  , all" and root.findtext("USER/MODEL") == "a,b   T=c"
    history = bext(done, told)[602:].decode()
    assert history.count("\r\n") == 2, "one line for each generation"
    assert all([part[0] for part in line.split(",")] == list("AFWMT") for line in history.splitlines())
    assert b"licence of the model: ours  , all\0" in info(told) and b"a ; synthetic\0" in info(told)


def test_a_category_with_odd_signs_breaks_no_chunk() -> None:
    told = replace(TAGS, category=Category("RAINGen", "RA\x03IN", "GENERAL\x0b"))
    assert ElementTree.fromstring(ixml(delivered("wav24"), told)).findtext("USER/CATEGORY") == "RA IN"


def test_every_date_in_a_file_is_that_of_utc() -> None:
    evening = datetime(2026, 1, 2, 23, 0, 0, tzinfo=timezone(timedelta(hours=-5)))
    told = replace(TAGS, when=evening)
    assert bext(delivered("wav24"), told)[320:338] == b"2026-01-0304:00:00"
    assert b"2026-01-03" in info(told) and b"2026-01-02" not in info(told)


@pytest.mark.parametrize("encoding", ["none-such", "utf-32", "shift_jis", "idna"])
def test_metadata_of_others_in_odd_encodings_is_left_out(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    text = f'<?xml version="1.0" encoding="{encoding}"?><BWFXML><NOTE>x</NOTE></BWFXML> '.encode()
    text += b" " * (len(text) % 2)
    bare = encoded(SOUND.samples.T, 44100)
    odd = b"iXML" + struct.pack("<I", len(text)) + text
    path.write_bytes(bare[:4] + struct.pack("<I", len(bare) - 8 + len(odd)) + bare[8:] + odd)
    assert read_tags(path) == {}


def test_a_wav_beyond_four_gigabytes_is_refused_before_it_is_made() -> None:
    endless = np.broadcast_to(np.float32(0), (2, 2**30))  # takes no memory
    done = Delivered(Clip(endless, 44100), delivered("wav24").report, Delivery())
    with pytest.raises(UserError, match="less than 4 GB"):
        encode(done, TAGS)


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    for length in range(80, 30, -1):
        try:
            name = UcsName.of("RAINGen", "é" * length, "é" * 20, "é" * length)
        except UserError:
            continue
        break
    stem = name.stem(9999)
    assert len(stem.encode()) > 225
    assert write(delivered("flac"), TAGS, tmp_path / f"{stem}.flac").is_file()
