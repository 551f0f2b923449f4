"""A clip is the sound: its samples, its length, its level. And whatever the bytes are, decoding ends in an answer."""

from pathlib import Path

import numpy as np
import pytest

from soundctm.training.data.prepare.decode import Clip, decode
from soundctm.training.data.prepare.items import Fault, Sound
from soundctm.training.data.prepare.settings import Settings
from tests.oracles.sounds import RATE, encoded, tone

SETTINGS = Settings(seconds=0.25, sample_rate=RATE)
NOISE = np.random.default_rng(0).normal(0, 0.1, (4000, 1))


def decoded(data: bytes, **options: object) -> Clip | Fault:
    return decode(Sound(Path("x"), data=data), SETTINGS.model_copy(update=options))


def clip_of(data: bytes, **options: object) -> Clip:
    clip = decoded(data, **options)
    assert isinstance(clip, Clip), clip
    return clip


def test_samples_at_the_same_rate_are_kept_to_a_step_of_16_bits() -> None:
    clip = clip_of(encoded(NOISE, subtype="FLOAT"))
    assert clip.samples.dtype == np.int16 and clip.samples.shape == (1, 2000)
    assert np.abs(clip.samples[0] / 32768 - NOISE[:2000, 0]).max() <= 0.5 / 32767 + 1e-7


def test_what_is_said_of_a_clip() -> None:
    clip = clip_of(encoded(tone(500)))
    assert (clip.seconds, clip.rate, clip.channels, clip.subtype) == (0.5, RATE, 1, "PCM_16")
    assert clip.level_db == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.02)
    assert clip.peak_db == pytest.approx(20 * np.log10(0.5), abs=0.02)


def test_short_sounds_end_in_zeros_which_do_not_count_as_quiet() -> None:
    long, short = clip_of(encoded(tone(500))), clip_of(encoded(tone(500, seconds=0.1)))
    assert not short.samples[0, 800:].any() and short.samples[0, :800].any()
    assert short.level_db == pytest.approx(long.level_db, abs=0.02)


@pytest.mark.parametrize("rate", [4000, 22050, 44100, 96000])
def test_resampling_keeps_the_tone(rate: int) -> None:
    clip = clip_of(encoded(tone(500, rate=rate), rate))
    t = np.arange(2000) / RATE
    inner = slice(200, 1800)
    assert clip.samples[0, inner] / 32768 == pytest.approx(0.5 * np.sin(2 * np.pi * 500 * t)[inner], abs=2e-3)


def test_a_cut_is_the_same_whatever_follows_it_closely() -> None:
    """The resampler sees what lies behind the cut: the last samples are those of the longer clip."""
    data = encoded(tone(500, rate=11025), 11025)
    assert np.array_equal(clip_of(data).samples[0], clip_of(data, seconds=0.3).samples[0, :2000])


def test_one_sound_in_two_containers_has_one_digest() -> None:
    samples = np.round(NOISE * 32768).astype(np.int16)
    wav, flac = clip_of(encoded(samples)), clip_of(encoded(samples, kind="FLAC"))
    assert np.array_equal(wav.samples[0], samples[:2000, 0])
    assert wav.digest == flac.digest != clip_of(encoded(-samples)).digest


def test_channels_are_averaged() -> None:
    left, right = tone(500)[:, 0], tone(900)[:, 0]
    data = encoded(np.stack([left, right], axis=1), subtype="FLOAT")
    assert clip_of(data).samples[0] / 32768 == pytest.approx((left + right)[:2000] / 2, abs=1e-4)


@pytest.mark.parametrize("limit", [-40.0, -60.0, -200.0])
def test_silence_is_a_matter_of_the_limit(limit: float) -> None:
    for level, data in (
        (-50.0, encoded(2 * 10 ** (-50 / 20) * tone(500), subtype="FLOAT")),
        (-1e9, encoded(0 * tone())),
    ):
        answer = decoded(data, silence_db=limit)
        assert isinstance(answer, Clip) if level > limit else answer.code == "silent"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("gone.wav", ".", "nul\0.wav", "\ud800"):
        code = "missing_file" if name == "gone.wav" else "unreadable_file"
        answer = decode(Sound(tmp_path / name), SETTINGS)
        assert isinstance(answer, Fault) and answer.code == code, name


def test_a_stretch_of_a_file(tmp_path: Path) -> None:
    data = encoded(NOISE)
    (tmp_path / "x.tar").write_bytes(b"before" + data + b"behind")
    clip = decode(Sound(tmp_path / "x.tar", 6, len(data)), SETTINGS)
    assert isinstance(clip, Clip) and clip.digest == clip_of(data).digest
    cut = decode(Sound(tmp_path / "x.tar", 6, len(data) + 100), SETTINGS)
    assert isinstance(cut, Fault) and cut.code == "truncated"


def test_huge_files_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(600 * 2**20)  # takes no space on the disk
    answer = decode(Sound(tmp_path / "huge.wav"), SETTINGS)
    assert isinstance(answer, Fault) and answer.code == "too_large"


KINDS = (
    "WAV PCM_16",
    "WAV FLOAT",
    "WAV MS_ADPCM",
    "FLAC PCM_16",
    "AIFF PCM_16",
    "AU PCM_16",
    "CAF PCM_16",
    "OGG VORBIS",
)


@pytest.mark.parametrize("kind", KINDS)
def test_any_bytes_end_in_an_answer(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    whole = encoded(NOISE, RATE, *kind.split())
    for trial in range(60):
        data = bytearray(whole)
        for at in rng.integers(len(data) if trial % 2 else 100, size=3):
            data[at] = rng.integers(256)
        answer = decoded(bytes(data[: rng.integers(len(data))] if trial % 5 == 0 else data))
        assert isinstance(answer, Fault) or answer.samples.shape == (1, 2000)
    assert capfd.readouterr().err == ""
