"""A delivered file says what was done to its take: nobody touched it, or somebody did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from soundctm import Clip, SoundCTM, UserError
from soundctm.audio.comments import read_comments
from soundctm.audio.io import from_pcm24, read_chunk, to_pcm24
from soundctm.delivery import Delivery, deliver
from soundctm.delivery.formats import SUFFIXES, write
from soundctm.delivery.process import DELIVERIES, FORMATS
from soundctm.delivery.provenance import Origin
from soundctm.delivery.reading import read_deliveries
from soundctm.delivery.tags import DELIVERIES_CHUNK, DELIVERIES_COMMENT, Tags
from soundctm.delivery.verify import verify
from soundctm.delivery.vorbis import flac_with

ASKED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a trim": {"trim": True, "threshold": -6, "margin": 0.0},
    "a fade out": {"fade_out": 0.5},
    "a loudness": {"level": "loudness", "loudness": -31.0},
    "a peak": {"level": "peak"},
    "48 kHz": {"sample_rate": 48000},
    "two channels": {"stereo": True},
    "all": {
        "trim": True, "threshold": -6, "fade_in": 0.1, "fade_out": 0.3, "level": "peak", "ceiling": -3.0,
        "sample_rate": 48000, "stereo": True,
    },
}  # fmt: skip


def delivered(clip: Clip, folder: Path, earlier: tuple[Delivery, ...] = (), **asked: Any) -> Path:
    done = deliver(clip, Delivery.of(asked), earlier)
    assert clip.recipe is not None
    return write(done, Tags(title="x", origin=Origin(clip.recipe)), folder / f"x{SUFFIXES[done.delivery.format]}")


def rewritten(path: Path, samples: np.ndarray, rate: int) -> Path:
    """A FLAC with other samples and all of its comments."""
    told = read_comments(path)
    soundfile.write(path, samples.T, rate, subtype="PCM_24")
    path.write_bytes(flac_with(path.read_bytes(), told))
    return path


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("asked", list(ASKED))
def test_an_untouched_file_is_equal(asked: str, form: str, model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    straight = delivered(take, tmp_path, format=form, **ASKED[asked])
    assert verify(straight, model).verdict == "equal"
    saved = Clip.load(take.save(tmp_path / "take.wav"))
    assert verify(delivered(saved, tmp_path, format=form, **ASKED[asked]), model).verdict == "equal"


def test_the_trim_and_the_fade_of_these_tests_would_show(model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    for asked in ("a trim", "a fade out"):
        bare = Clip.load(delivered(take, tmp_path, **ASKED[asked])).save(tmp_path / "bare.wav")
        assert read_deliveries(bare) == () and verify(bare, model).verdict == "edited"


def test_a_delivery_of_a_delivery_is_equal_too(model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    first = delivered(take, tmp_path, format="wav16", **ASKED["a fade out"])
    second = delivered(Clip.load(first), tmp_path, read_deliveries(first), format="flac", **ASKED["all"])
    assert len(read_deliveries(second)) == 2 and verify(second, model).verdict == "equal"


@pytest.mark.parametrize("asked", list(ASKED))
def test_who_cuts_a_delivered_file_has_edited_it(asked: str, model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    path = delivered(take, tmp_path, format="flac", **ASKED[asked])
    samples, rate = Clip.load(path).samples, Clip.load(path).sample_rate
    assert verify(rewritten(path, samples, rate), model).verdict == "equal"
    assert verify(rewritten(path, samples[:, rate // 20 :], rate), model).verdict == "edited"
    turned = verify(rewritten(path, 0.5 * samples, rate), model)
    assert turned.verdict == "close" and turned.figures and turned.figures.gain == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("options", [("-q:a", "3"), ("-af", "atrim=start=0.1", "-q:a", "8")], ids=" ".join)
def test_what_ffmpeg_made_of_a_delivered_file(
    options: tuple[str, ...], model: SoundCTM, take: Clip, tmp_path: Path, ffmpeg: Callable[..., str]
) -> None:
    path, after = delivered(take, tmp_path, format="ogg", **ASKED["all"]), tmp_path / "after.ogg"
    ffmpeg("-i", path, "-c:a", "libvorbis", *options, after)
    assert read_deliveries(after) == read_deliveries(path), "ffmpeg keeps comments"
    assert verify(after, model).verdict == ("edited" if "-af" in options else "close")


def test_a_delivery_that_is_given_stands_in_for_one_that_was_lost(model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    path, bare = delivered(take, tmp_path, **ASKED["a fade out"]), tmp_path / "bare.wav"
    samples, rate = soundfile.read(path)
    soundfile.write(bare, 0.5 * samples, rate, subtype="PCM_16")
    assert verify(bare, model, None, take.recipe).verdict == "edited"
    assert verify(bare, model, None, take.recipe, read_deliveries(path)).verdict == "close"
    soundfile.write(bare, from_pcm24(to_pcm24(take.samples)).T, rate, subtype="PCM_24")
    assert verify(bare, model, None, take.recipe, read_deliveries(path)).verdict == "equal", "it may be the take itself"


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_done_is_read_back(form: str, take: Clip, tmp_path: Path) -> None:
    asked = {"format": form, **ASKED["all"]}
    path = delivered(take, tmp_path, **asked)
    assert read_deliveries(path) == (Delivery.of(asked),)
    told = read_chunk(path, DELIVERIES_CHUNK) or read_comments(path)[DELIVERIES_COMMENT]
    assert DELIVERIES.validate_json(told) == (Delivery.of(asked),)


@pytest.mark.parametrize("told", ["{", '[{"format": "mp3"}]', "[[]]", '{"format": "flac"}'])
def test_a_delivery_that_cannot_be_read_is_named(told: str, model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    path = delivered(take, tmp_path, format="flac")
    path.write_bytes(flac_with(path.read_bytes(), {**read_comments(path), DELIVERIES_COMMENT: told}))
    with pytest.raises(UserError, match="carries a delivery that cannot be read"):
        verify(path, model)


def test_a_delivery_that_cannot_be_done_again_is_unknown(model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    path = delivered(take, tmp_path, format="flac")
    endless = DELIVERIES.dump_json((Delivery(fade_in=600),)).decode()
    path.write_bytes(flac_with(path.read_bytes(), {**read_comments(path), DELIVERIES_COMMENT: endless}))
    found = verify(path, model)
    assert found.verdict == "unknown" and "cannot be done again" in found.reasons[0]
