"""What is done to a sound on its way out: levels, rates, ends, channels, loops."""

from math import log10

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from soundctm import Clip, UserError
from soundctm.delivery import Delivery, deliver
from soundctm.delivery.formats import as_read
from soundctm.delivery.loudness import measure
from soundctm.delivery.process import SHAPES, ramp
from tests.oracles.recordings import recording
from tests.oracles.takes import recipe

LOOPED = recipe(loop=True)


def clip_of(samples: np.ndarray, rate: int = 8000) -> Clip:
    return Clip(np.atleast_2d(samples).astype(np.float32), rate)


# ---- the config


def test_nothing_asked_for_changes_nothing() -> None:
    clip = recording(channels=2)
    done = deliver(clip, Delivery())
    assert np.array_equal(done.clip.samples, clip.samples) and done.clip.sample_rate == clip.sample_rate
    assert done.report.gain == 0 and done.report.reached and done.report.steps == ()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lufs": -23}, "lufs"),
        ({"format": "mp3"}, "format"),
        ({"sample_rate": 22050}, "sample_rate"),
        ({"loudness": 3.0}, "loudness"),
        ({"ceiling": float("nan")}, "ceiling"),
        ({"fade_in": -1}, "fade_in"),
        ({"trim": "perhaps"}, "trim"),
        ({"level": "rms"}, "level"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Delivery.of(values)


def test_a_delivery_is_fixed_and_comes_back_from_json() -> None:
    delivery = Delivery(level="loudness", loudness=-18, trim=True)
    assert Delivery.model_validate_json(delivery.model_dump_json()) == delivery
    with pytest.raises(ValueError, match="frozen"):
        delivery.trim = False  # type: ignore[misc]


# ---- level


def with_tail(clip: Clip, depth: float) -> Clip:
    """The same, falling by so many dB to its end: what the absolute gate lets through depends on the gain."""
    fall = 10 ** (np.linspace(0, -depth, clip.samples.shape[1]) / 20)
    return Clip((clip.samples * fall).astype(np.float32), clip.sample_rate)


@given(
    st.floats(-70, -14), st.floats(-20, 0), st.integers(0, 5), st.sampled_from([0.1, 0.5, 1.0, 2.5]),
    st.sampled_from([0, 12, 60, 120]),
)  # fmt: skip
@example(target=-70.0, ceiling=0.0, seed=0, seconds=2.5, depth=60)
@settings(max_examples=25, deadline=None)
def test_loudness_is_reached_or_the_ceiling_is(
    target: float, ceiling: float, seed: int, seconds: float, depth: float
) -> None:
    clip = with_tail(recording(seed, seconds=seconds), depth)
    done = deliver(clip, Delivery(level="loudness", loudness=target, ceiling=ceiling))
    found = measure(done.clip.samples, 8000)
    assert found == done.report.after and found.true_peak <= ceiling + 1e-3
    near = found.integrated if done.report.reached else found.true_peak
    assert near == pytest.approx(target if done.report.reached else ceiling, abs=1.1e-3)
    assert done.report.reached or found.integrated < target
    assert np.allclose(done.clip.samples, clip.samples * 10 ** (done.report.gain / 20), atol=1e-6)  # a gain, no limiter


@pytest.mark.parametrize("form", ["wav24", "ogg"])
def test_what_has_no_loudness_at_the_gain_that_is_left_is_refused_in_words(form: str) -> None:
    clicks = np.zeros(8000)
    clicks[::4000] = 0.9
    with pytest.raises(UserError, match=r"-40 LUFS.* cannot be reached.*-70 LUFS"):
        deliver(clip_of(clicks), Delivery.of({"format": form, "level": "loudness", "loudness": -40, "ceiling": -60}))


def test_vorbis_reaches_a_quiet_loudness_or_refuses_it() -> None:
    refused = 0
    for target in (-70.0, -66.0, -60.0, -50.0):
        try:
            report = deliver(recording(), Delivery(format="ogg", level="loudness", loudness=target)).report
        except UserError as error:
            assert f"{target:g} LUFS cannot be reached as ogg" in str(error)
            refused += 1
            continue
        assert report.reached and report.after.integrated == pytest.approx(target, abs=0.1)
    assert refused < 4


def test_peak_goes_to_the_ceiling() -> None:
    for ceiling, wanted in ((None, -1.0), (-6.0, -6.0), (0.0, 0.0)):
        done = deliver(recording(), Delivery(level="peak", ceiling=ceiling))
        assert done.report.after.true_peak == pytest.approx(wanted, abs=1e-3) and done.report.reached


def test_a_ceiling_alone_turns_down_and_never_up() -> None:
    clip = recording()
    peak = measure(clip.samples, 8000).true_peak
    assert deliver(clip, Delivery(ceiling=0.0)).report.gain == 0
    lower = deliver(clip, Delivery(ceiling=peak - 3)).report
    assert lower.gain == pytest.approx(-3) and lower.reached  # no level was asked for


@pytest.mark.parametrize("form", ["wav16", "wav24", "flac", "wav32f"])
def test_the_report_is_of_what_the_file_holds(form: str) -> None:
    """Formats of integers are cut at full scale, and measured as they are then."""
    clip = clip_of(3.0 * recording(seconds=1.0).samples / abs(recording(seconds=1.0).samples).max())
    done = deliver(clip, Delivery.of({"format": form}))
    heard = measure(as_read(done).samples, clip.sample_rate)
    assert done.report.after.integrated == pytest.approx(heard.integrated, abs=0.01)
    assert done.report.after.true_peak == pytest.approx(heard.true_peak, abs=0.01)
    assert (done.report.after.true_peak < done.report.before.true_peak - 3) == (form != "wav32f")


def test_what_has_no_level_is_refused() -> None:
    for samples in (np.zeros(9000), np.full(9000, 1e-6)):
        with pytest.raises(UserError, match="no level"):
            deliver(clip_of(samples), Delivery(level="loudness"))
    with pytest.raises(UserError, match="no level"):
        deliver(clip_of(np.zeros(9000)), Delivery(level="peak"))


def test_an_offset_is_left_alone() -> None:
    clip = clip_of(recording().samples * 0.5 + 0.1)
    done = deliver(clip, Delivery(level="peak", ceiling=-3.0))
    assert done.clip.samples.mean() / clip.samples.mean() == pytest.approx(10 ** (done.report.gain / 20), rel=1e-4)


# ---- ends


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(0, 0.1))
@settings(max_examples=20, deadline=None)
def test_a_trim_takes_silence_and_keeps_a_margin(before: int, after: int, margin: float) -> None:
    body = recording(seconds=0.3).samples
    body[:, [0, -1]] = 0.5
    clip = clip_of(np.pad(body, ((0, 0), (before, after))))
    done = deliver(clip, Delivery(trim=True, margin=margin))
    kept = round(margin * 8000)
    first, last = min(before, kept), min(after, kept)
    assert np.array_equal(done.clip.samples, np.pad(body, ((0, 0), (first, last))))


def test_the_threshold_is_relative_to_the_peak() -> None:
    quiet, loud = np.full(1000, 0.001), np.full(1000, 0.1)
    clip = clip_of(np.concatenate([quiet, loud]))
    lengths = {
        db: deliver(clip, Delivery(trim=True, margin=0, threshold=db)).clip.samples.shape[1] for db in (-39, -41)
    }
    assert lengths == {-39: 1000, -41: 2000}
    whisper = clip_of(clip.samples * 0.001)
    assert deliver(whisper, Delivery(trim=True, margin=0, threshold=-39)).clip.samples.shape[1] == 1000


def test_silence_is_not_trimmed_to_nothing() -> None:
    with pytest.raises(UserError, match="silent"):
        deliver(clip_of(np.zeros(9000)), Delivery(trim=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_fades_begin_and_end_in_silence_and_leave_the_rest(shape: str) -> None:
    clip = clip_of(np.ones(8000))
    samples = deliver(clip, Delivery(fade_in=0.1, fade_out=0.2, shape=shape)).clip.samples[0]
    assert samples[0] == 0 and samples[-1] == 0 and np.all(samples[800:6400] == 1)
    assert np.all(np.diff(samples[:800]) > 0) and np.all(np.diff(samples[6400:]) < 0)
    assert np.allclose(samples[:800], ramp(800, shape), atol=1e-7)  # type: ignore[arg-type]


def test_the_shapes_of_fades() -> None:
    rise, fall = ramp(1000, "cosine"), ramp(1000, "cosine")[::-1]
    assert np.allclose(rise[1:] + fall[:-1], 1)  # two cosines add up in amplitude
    power = ramp(1000, "power")
    assert np.allclose(np.square(power[1:]) + np.square(power[::-1][:-1]), 1)  # two quarters of a sine in power


def test_fades_longer_than_the_sound_are_refused() -> None:
    with pytest.raises(UserError, match="shorter"):
        deliver(recording(seconds=1), Delivery(fade_in=0.6, fade_out=0.6))


# ---- channels and rates


def test_one_channel_becomes_two_of_the_same_level() -> None:
    mono = deliver(recording(), Delivery())
    dual = deliver(recording(), Delivery(stereo=True))
    assert np.array_equal(dual.clip.samples, np.repeat(mono.clip.samples, 2, axis=0))
    assert dual.report.after.integrated - mono.report.after.integrated == pytest.approx(20 * log10(2**0.5))
    assert deliver(recording(channels=2), Delivery(stereo=True)).clip.samples.shape[0] == 2


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_tone_keeps_its_pitch_and_level_at_another_rate(rate: int) -> None:
    t = np.arange(16000) / 8000
    done = deliver(clip_of(0.5 * np.sin(2 * np.pi * 1000 * t)), Delivery(sample_rate=rate))  # type: ignore[arg-type]
    again = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)
    assert done.clip.sample_rate == rate and done.clip.samples.shape == (1, 2 * rate)
    assert np.abs(done.clip.samples[0] - again)[2000:-2000].max() < 1e-4


def test_three_channels_are_refused() -> None:
    with pytest.raises(UserError, match="channels"):
        deliver(recording(channels=3), Delivery())


# ---- loops


@pytest.mark.parametrize("asked", [{"trim": True}, {"fade_in": 0.1}, {"fade_out": 0.1}])
def test_a_loop_is_not_cut(asked: dict[str, object]) -> None:
    clip = Clip(recording().samples, 8000, LOOPED)
    with pytest.raises(UserError, match="seam"):
        deliver(clip, Delivery.of(asked))


@pytest.mark.parametrize("length", [800, 801, 8064])
def test_a_loop_stays_a_loop_at_another_rate(length: int) -> None:
    turns = 37
    clip = Clip(np.sin(2 * np.pi * turns * np.arange(length) / length)[None].astype(np.float32), 8000, LOOPED)
    done = deliver(clip, Delivery(sample_rate=44100))
    size = done.clip.samples.shape[1]
    assert done.clip.loops and size == round(length * 44100 / 8000)
    wanted = np.sin(2 * np.pi * turns * np.arange(size) / size)
    assert np.abs(done.clip.samples[0] - wanted).max() < 1e-5


def test_the_recipe_goes_along() -> None:
    clip = Clip(recording().samples, 8000, LOOPED)
    done = deliver(clip, Delivery(sample_rate=48000, stereo=True, level="peak"))
    assert done.clip.recipe == LOOPED
    assert len(done.report.steps) == 3


def test_an_empty_sound_is_refused_in_words() -> None:
    for asked in ({"trim": True}, {}, {"sample_rate": 48000}, {"fade_in": 1.0}):
        with pytest.raises(UserError, match="no samples"):
            deliver(Clip(np.zeros((1, 0), dtype=np.float32), 44100), Delivery.of(asked))


def test_a_sound_around_the_absolute_gate_reaches_its_loudness() -> None:
    noise = np.random.default_rng(1).standard_normal(44100 * 12)
    seconds = np.arange(len(noise)) // 44100
    level = np.where(seconds < 6, -68.0, -72.0)
    quiet = Clip((noise * 10 ** (level / 20))[None].astype(np.float32), 44100)
    report = deliver(quiet, Delivery(level="loudness", loudness=-30)).report
    assert report.reached and report.after.integrated == pytest.approx(-30, abs=0.01)
