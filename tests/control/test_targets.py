"""Targets from text, files, shapes and recordings, and every way in which they can be wrong."""

from pathlib import Path

import numpy as np
import pytest

from soundctm.audio import Clip
from soundctm.audio.target import Feature, Target
from soundctm.control.curves import CURVES
from soundctm.control.shapes import SHAPES, Shape
from soundctm.control.targets import check_target, from_csv, from_recording, from_shape, make_target, parse_points
from soundctm.errors import UserError

RATE = 16000


def recording(samples: np.ndarray, rate: int = RATE) -> Clip:
    return Clip(np.atleast_2d(samples).astype(np.float32), rate)


def tone(seconds: float, hertz: float = 300.0, rate: int = RATE) -> np.ndarray:
    """A harmonic sound of RMS 1."""
    t = np.arange(round(seconds * rate)) / rate
    x = sum(np.sin(2 * np.pi * hertz * h * t) / h for h in range(1, 6))
    return np.asarray(x / np.sqrt(np.mean(np.square(x))))


def read(target: Target, *times: float) -> list[float | None]:
    """What a target wants at some times, None where it is free."""
    values, bound = target.at(np.asarray(times))
    return [float(v) if b else None for v, b in zip(values, bound, strict=True)]


# Text and files


def test_points_as_text() -> None:
    target = parse_points("0:-40, 1.5:-12, 2:free, 3:-20,5:-50", "intensity", 5.0, weight=2.0)
    assert target.points == ((0.0, -40.0), (1.5, -12.0), (2.0, None), (3.0, -20.0), (5.0, -50.0))
    assert target.weight == 2.0
    assert read(target, 0.75, 1.6, 2.5, 4.0) == [-26.0, None, None, -35.0]


def test_a_band_keeps_its_edges() -> None:
    target = parse_points("0:-40,5:-20", "band", 5.0, low=200, high=800)
    assert (target.low, target.high) == (200, 800)


@pytest.mark.parametrize("text", ["", "0:-40,", "0:-40, 1", "loud", "0:-40, 1:two", "x:1, 2:3", "0:1:2, 1:2", "0 -40"])
def test_text_that_is_no_points(text: str) -> None:
    with pytest.raises(UserError, match="write seconds:value pairs between commas"):
        parse_points(text, "intensity", 5.0)


@pytest.mark.parametrize(
    "text", ["0,-40\n1.5,-12\n2,\n3,-20\n5,-50\n", "seconds,value\r\n0, -40\r\n1.5,-12\r\n\r\n2,free\r\n3,-20\r\n5,-50"]
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_points_from_csv(text: str, mark: str, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_bytes((mark + text).encode())
    assert from_csv(path, "intensity", 5.0) == parse_points("0:-40, 1.5:-12, 2:free, 3:-20, 5:-50", "intensity", 5.0)


@pytest.mark.parametrize(
    ("text", "line"), [("0,-40\n1\n", 2), ("0,-40\n1,2,3\n", 2), ("a,b\n0,-40\nx,2\n", 3), ("0,loud\n1,-3\n", 1)]
)
def test_csv_names_the_line_that_is_wrong(text: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"line {line} of .*two columns, seconds and value"):
        from_csv(path, "intensity", 5.0)


def test_csv_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "sound.csv").write_bytes(b"RIFF\xff\xfe\x00\x81")
    for path in (tmp_path / "missing.csv", tmp_path, tmp_path / "sound.csv"):
        with pytest.raises(UserError, match=r"cannot read .* give a CSV file"):
            from_csv(path, "intensity", 5.0)


# Shapes


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seconds", [0.5, 1.23456, 5.0, 30.0])
def test_shapes_span_the_clip_and_the_levels(shape: Shape, seconds: float) -> None:
    target = from_shape(shape, seconds)
    assert target.feature == "intensity" and target.points[0][0] == 0 and abs(target.points[-1][0] - seconds) < 1e-4
    levels = [value for _, value in target.points if value is not None]
    assert min(levels) == -50 and max(levels) == -15


def test_shapes_are_what_they_are_called() -> None:
    at = lambda shape, *shares: np.asarray(
        read(from_shape(shape, 4.0), *(4.0 * share for share in shares)), dtype=float
    )
    assert len(SHAPES) == 6
    assert np.allclose(at("rise", 0, 0.5, 1), [-50, -32.5, -15]) and np.allclose(
        at("fall", 0, 0.5, 1), [-15, -32.5, -50]
    )
    assert np.allclose(at("peak", 0, 0.25, 0.5, 1), [-50, -32.5, -15, -50], atol=0.01)
    assert np.allclose(at("valley", 0, 0.5, 0.75, 1), [-15, -50, -32.5, -15], atol=0.01)
    assert np.allclose(at("wave", 0, 0.25, 0.5, 0.75, 1), [-50, -15, -50, -15, -50], atol=0.01)
    assert np.allclose(at("steps", 0.1, 0.5, 0.9), [-50, -32.5, -15])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UserError, match="there is no shape 'zigzag'; known are rise, fall"):
        from_shape("zigzag", 5.0)  # type: ignore[arg-type]
    for make in (
        lambda: parse_points("0:1, 1:1", "warmth", 5.0),
        lambda: from_recording(recording(tone(1)), "warmth", 5.0),
    ):
        with pytest.raises(UserError, match="there is no feature 'warmth'; known are intensity"):
            make()  # type: ignore[arg-type]


# Recordings


def test_a_recording_gives_the_curve_that_it_has() -> None:
    t = np.arange(3 * RATE) / RATE
    decibels = -40 + 10 * t
    target = from_recording(recording(10 ** (decibels / 20) * tone(3)), "intensity", 5.0, weight=0.5)
    assert target.weight == 0.5
    times = np.arange(0.0, 3.001, 0.05)
    values, bound = target.at(times)
    assert bound.all() and np.abs(values - (-40 + 10 * times))[2:-2].max() < 0.3
    assert [time for time, _ in target.points] == pytest.approx(times.tolist())
    assert read(target, 3.2, 4.9) == [None, None]


def test_a_long_recording_is_cut() -> None:
    target = from_recording(recording(0.1 * tone(3)), "brightness", 1.234)
    assert target.points[-1][0] == pytest.approx(1.2)


def test_channels_are_averaged_and_any_rate_is_read() -> None:
    x = 0.1 * tone(1.0, rate=44100)
    target = from_recording(recording(np.stack([2 * x, 0 * x]), 44100), "intensity", 5.0)
    assert read(target, 0.5) == [pytest.approx(-20, abs=0.05)]


def test_silence_in_a_recording_is_clamped_or_free() -> None:
    x = 0.1 * tone(3)
    x[RATE : 2 * RATE] = 0
    clip = recording(x)
    assert read(from_recording(clip, "intensity", 3.0), 1.5) == [-60.0]
    assert read(from_recording(clip, "band", 3.0, low=100, high=1000), 1.5) == [-60.0]
    for feature in ("brightness", "pitch"):
        target = from_recording(clip, feature, 3.0)  # type: ignore[arg-type]
        assert sum(value is None for _, value in target.points) == 1
        assert read(target, 1.5) == [None] and read(target, 0.5)[0] is not None and read(target, 2.5)[0] is not None


def test_a_hum_gives_its_pitch_and_breath_none() -> None:
    breath = 0.05 * np.random.default_rng(0).standard_normal(RATE)
    clip = recording(np.concatenate([0.1 * tone(1, 200), breath, 0.1 * tone(1, 400)]))
    target = from_recording(clip, "pitch", 5.0)
    assert read(target, 0.5, 1.5, 2.5) == [pytest.approx(200, rel=0.01), None, pytest.approx(400, rel=0.01)]


def test_claps_give_onsets_at_their_times() -> None:
    x = 1e-4 * np.random.default_rng(0).standard_normal(2 * RATE)
    claps = (0.333, 0.787, 1.5)
    for start in claps:
        n = round(start * RATE)
        x[n : n + 2000] += np.random.default_rng(1).standard_normal(2000) * np.exp(-np.arange(2000) / 300)
    target = from_recording(recording(0.3 * x), "onsets", 5.0)
    assert all(value is not None and value > 0.8 for value in read(target, *claps))
    assert read(target, 0.1, 0.6, 1.9) == pytest.approx([0, 0, 0], abs=0.15)


@pytest.mark.parametrize("feature", list(CURVES))
def test_what_a_recording_gives_is_accepted(feature: Feature) -> None:
    rng = np.random.default_rng(0)
    edges = {"low": 100.0, "high": 1000.0} if feature == "band" else {}
    for x in (0.3 * tone(1.0), np.sign(tone(1.0)), tone(1.0) + 0.2 * rng.standard_normal(RATE)):
        target = from_recording(recording(x), feature, 0.999, **edges)
        check_target(target, 0.999, RATE)
        assert Target.model_validate_json(target.model_dump_json()) == target


@pytest.mark.parametrize(
    ("samples", "feature", "message"),
    [
        (np.zeros(100), "intensity", r"lasts 0.00625 s; give one of at least 0.2 s"),
        (np.full(RATE, np.nan), "intensity", "samples that are not numbers"),
        (np.zeros(RATE), "pitch", "the first 1 s of the recording have no pitch"),
        (np.zeros(RATE), "brightness", "the first 1 s of the recording have no brightness"),
        (tone(1), "band", "low missing and high missing"),
    ],
)
def test_recordings_without_the_feature(samples: np.ndarray, feature: Feature, message: str) -> None:
    with pytest.raises(UserError, match=message):
        from_recording(recording(samples), feature, 5.0)


# What is refused

GOOD = ((0.0, -40.0), (5.0, -12.0))
WRONG = [
    (Target(feature="intensity", points=((0, -40), (3, -12), (2, -50))), "from 3 s to 2 s; times must rise"),
    (Target(feature="intensity", points=((0, -40), (3, -12), (3, -50))), "from 3 s to 3 s; times must rise"),
    (Target(feature="intensity", points=((-1, -40), (3, -12))), "a point at -1 s; the clip lasts from 0 to 5 s"),
    (Target(feature="intensity", points=((0, -40), (5.1, -12))), "a point at 5.1 s; the clip lasts from 0 to 5 s"),
    (Target(feature="intensity", points=((0, -40), (float("nan"), -12))), "a point at nan s"),
    (Target(feature="intensity", points=((0, -40), (float("inf"), -12))), "a point at inf s"),
    (Target(feature="intensity", points=((0, float("nan")), (5, -12))), "is nan dB at 0 s; accepted are -80 to 0 dB"),
    (Target(feature="intensity", points=((0, float("-inf")), (5, -12))), "is -inf dB at 0 s"),
    (Target(feature="intensity", points=((0, -40), (5, 12))), "12 dB at 5 s; .*-12 means 12 dB below full scale"),
    (Target(feature="intensity", points=((0, -90), (5, -12))), "-90 dB at 0 s; accepted are -80 to 0 dB"),
    (Target(feature="band", points=((0, 3), (5, -12)), low=100, high=200), "-12 means 12 dB below full scale"),
    (Target(feature="brightness", points=((0, 5), (5, 900))), "5 Hz at 0 s; accepted are 20 to 8,000 Hz"),
    (Target(feature="brightness", points=((0, 50), (5, 9000))), "9000 Hz at 5 s; accepted are 20 to 8,000 Hz"),
    (Target(feature="brightness", points=((0, 50), (5, float("inf")))), "inf Hz at 5 s"),
    (Target(feature="pitch", points=((0, 440), (5, 50))), "50 Hz at 5 s; accepted are 60 to 2,000 Hz"),
    (Target(feature="pitch", points=((0, 440), (5, 4000))), "4000 Hz at 5 s; accepted are 60 to 2,000 Hz"),
    (Target(feature="onsets", points=((0, 0), (5, 1.5))), "1.5 at 5 s; accepted are 0 to 1"),
    (Target(feature="onsets", points=((0, -0.1), (5, 1))), "-0.1 at 0 s; accepted are 0 to 1"),
    (Target(feature="band", points=GOOD), "low missing and high missing; give both edges"),
    (Target(feature="band", points=GOOD, low=100), "low 100 Hz and high missing; give both edges"),
    (Target(feature="band", points=GOOD, low=800, high=200), "low 800 Hz and high 200 Hz; .*20 Hz or more apart"),
    (Target(feature="band", points=GOOD, low=200, high=210), "20 Hz or more apart, from 0 to 8,000 Hz"),
    (Target(feature="band", points=GOOD, low=-5, high=210), "from 0 to 8,000 Hz"),
    (Target(feature="band", points=GOOD, low=200, high=9000), "from 0 to 8,000 Hz"),
    (Target(feature="band", points=GOOD, low=float("nan"), high=900), "low nan Hz"),
    (Target(feature="band", points=GOOD, low=200, high=float("inf")), "high inf Hz"),
    (Target(feature="intensity", points=GOOD, low=100, high=200), "only a band target has edges"),
    (Target(feature="intensity", points=()), "binds nothing; give at least two points"),
    (Target(feature="intensity", points=((0, -40),)), "binds nothing; give at least two points"),
    (Target(feature="intensity", points=((0, -40), (5, None))), "binds nothing; give at least two points"),
    (Target(feature="intensity", points=((0, -40), (2, None), (5, -20))), "binds nothing; give at least two points"),
    (Target(feature="intensity", points=((0, -40), (0.001, -20))), "binds nothing.*0.02 s apart or more"),
    (Target(feature="intensity", points=GOOD, weight=0), "weight of the intensity target is 0; give a number above 0"),
    (Target(feature="intensity", points=GOOD, weight=-1), "is -1; give a number above 0"),
    (Target(feature="intensity", points=GOOD, weight=float("nan")), "is nan; give a number above 0"),
    (Target(feature="intensity", points=GOOD, weight=float("inf")), "is inf; give a number above 0"),
]


@pytest.mark.parametrize(("target", "message"), WRONG, ids=[message for _, message in WRONG])
def test_bad_targets_are_refused_in_one_clear_line(target: Target, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check_target(target, 5.0, RATE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        Target(feature="intensity", points=GOOD),
        Target(feature="intensity", points=((0, -80), (2, None), (3, -20), (5, 0))),
        Target(feature="intensity", points=((0.1, None), (0.28, -30), (0.3, -30))),
        Target(feature="band", points=GOOD, low=0, high=8000),
        Target(feature="brightness", points=((0, 20), (5, 8000))),
        Target(feature="pitch", points=((0, 60), (5, 2000))),
        Target(feature="onsets", points=((0, 0), (5, 1)), weight=0.001),
    ],
    ids=lambda target: str(target.points),
)
def test_good_targets_are_accepted(target: Target) -> None:
    check_target(target, 5.0, RATE)


def test_makers_check_what_they_make() -> None:
    with pytest.raises(UserError, match="-12 means 12 dB below full scale"):
        parse_points("0:-40, 5:12", "intensity", 5.0)
    with pytest.raises(UserError, match="times must rise"):
        make_target([(0, 0.5), (2, 1.0), (1, 0.0)], "onsets", 5.0)
    with pytest.raises(UserError, match="the clip lasts from 0 to 2 s"):
        parse_points("0:-40, 5:-12", "intensity", 2.0)


def test_without_a_rate_hertz_have_no_upper_end() -> None:
    target = make_target([(0.0, 500.0), (1.0, 30_000.0)], "brightness", 5.0)
    with pytest.raises(UserError, match="accepted are 20 to 22,050 Hz"):
        check_target(target, 5.0, 44100)


@pytest.mark.parametrize(
    ("first", "heading"),
    [
        ("seconds,value", True),
        ("time (s),dB", True),
        ("0s,-40", False),
        ("O,-60", False),
        ("0,-40dB", False),
        ("0s,", False),
    ],
)
def test_a_first_line_with_a_number_is_no_heading(tmp_path: Path, first: str, heading: bool) -> None:
    """It is a point with a mistake, and the sound would be free there."""
    path = tmp_path / "a.csv"
    path.write_text(f"{first}\n0,-30\n2,-12\n")
    if heading:
        assert from_csv(path, "intensity", 2.0).points == ((0.0, -30.0), (2.0, -12.0))
    else:
        with pytest.raises(UserError, match=f"line 1 of .* is '{first}'"):
            from_csv(path, "intensity", 2.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_recording_is_followed_for_some_time(seconds: float) -> None:
    with pytest.raises(UserError, match="seconds is"):
        from_recording(recording(tone(1.0)), "intensity", seconds)
