"""From a take to what is delivered: rate, channels, silence at the ends, fades, level. Every step is linear: gains are
constant, nothing is limited or compressed, a DC offset is left alone."""

from dataclasses import dataclass, replace
from math import inf, isfinite, isinf
from typing import Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from scipy.signal import resample as resample_period

from soundctm.audio import Clip
from soundctm.audio.resample import resample, resampled_length
from soundctm.delivery.lossy import HEARD, coded
from soundctm.delivery.loudness import ABSOLUTE_GATE, Loudness, amplified, measure
from soundctm.errors import UserError, plain_words

Format = Literal["wav16", "wav24", "wav32f", "flac", "ogg"]
Shape = Literal["linear", "cosine", "power"]
Level = Literal["keep", "loudness", "peak"]
FORMATS: tuple[str, ...] = get_args(Format)
SHAPES: tuple[str, ...] = get_args(Shape)
CEILING = -1.0  # dBTP, where a level is asked for and no ceiling
NEAR = 1e-4  # LU that are not worth another correction
REACHED = 1e-3  # LU beside the loudness that was asked for
QUIETEST = ABSOLUTE_GATE + 5e-4  # LUFS; what is brought to the gate itself may be rounded to silence
CORRECTIONS = 200  # at least one part of the sound comes in or falls out at each


class Delivery(BaseModel):
    """How a sound is delivered; every default is written here.

    ``sample_rate`` Hz, None keeps it. ``level``: "keep", "loudness" (to ``loudness`` LUFS) or "peak" (the true peak to
    the ceiling). ``ceiling`` dBTP that the true peak never exceeds; None is -1 where a level is asked for, and none
    where it is kept. ``trim`` takes away what lies ``threshold`` dB below the sound's own peak at both ends, but for
    ``margin`` seconds. ``fade_in``, ``fade_out`` seconds; ``shape`` linear, cosine (a raised one) or power (a quarter
    of a sine). ``stereo`` gives one channel twice, at its own level (-0 dB), so that it measures 3.01 LU more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Format = "wav24"
    sample_rate: Literal[44100, 48000] | None = None
    level: Level = "keep"
    loudness: float = Field(default=-23.0, ge=-70, le=0)
    ceiling: float | None = Field(default=None, ge=-60, le=0)
    trim: bool = False
    threshold: float = Field(default=-60.0, ge=-120, le=-6)
    margin: float = Field(default=0.02, ge=0, le=10)
    fade_in: float = Field(default=0.0, ge=0, le=600)
    fade_out: float = Field(default=0.0, ge=0, le=600)
    shape: Shape = "cosine"
    stereo: bool = False

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Delivery":
        """From plain values. Raises :class:`UserError` with the first that is unknown or out of range."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            known = f"is not known; known are {', '.join(cls.model_fields)}"
            what = known if first["type"] == "extra_forbidden" else plain_words(first)
            raise UserError(f"delivery: {where} {what}") from error

    @property
    def limit(self) -> float | None:
        """The ceiling that holds, dBTP."""
        return CEILING if self.ceiling is None and self.level != "keep" else self.ceiling


DELIVERIES = TypeAdapter(tuple[Delivery, ...])  # to JSON and back


@dataclass(frozen=True)
class Report:
    """What was done. ``gain`` dB; ``before`` is measured before it, ``after`` of what the file holds: cut to full scale
    in formats of integers, decoded of Ogg Vorbis; ``reached`` is False where the ceiling kept the sound below the
    loudness that was asked for; ``steps`` say it in words, in order."""

    gain: float
    before: Loudness
    after: Loudness
    reached: bool
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """A clip as it is to be written, and how it came about: ``earlier`` are the deliveries of the file that it came
    from. ``stream`` is the clip as Ogg Vorbis where that is the format, and empty elsewhere."""

    clip: Clip
    report: Report
    delivery: Delivery
    earlier: tuple[Delivery, ...] = ()
    stream: bytes = b""

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All that was done to the take, in order."""
        return (*self.earlier, self.delivery)


def deliver(clip: Clip, delivery: Delivery, earlier: tuple[Delivery, ...] = ()) -> Delivered:
    """Bring a clip of one or two channels into the form that is asked for; ``earlier`` is what was done to it before,
    as :func:`soundctm.delivery.reading.read_deliveries` finds it in its file.

    A sound that loops is resampled as a period, and is neither trimmed nor faded. Raises :class:`UserError` for that,
    for silence that is to be trimmed or levelled, for fades that are longer than the sound, and for other channels.
    """
    if clip.loops and (delivery.trim or delivery.fade_in or delivery.fade_out):
        raise UserError("this sound loops: a trim or a fade would break its seam; deliver it without them")
    if not clip.samples.size:
        raise UserError("the sound has no samples; there is nothing to deliver")
    if not np.isfinite(clip.samples).all():
        raise UserError("the sound has samples that are no numbers (NaN or infinite); mend the file first")
    samples, rate, steps = clip.samples, clip.sample_rate, list[str]()
    if delivery.sample_rate is not None and delivery.sample_rate != rate:
        samples = _resampled_loop(samples, rate, delivery.sample_rate) if clip.loops else samples
        samples = samples if clip.loops else resample(samples, rate, delivery.sample_rate)
        steps.append(f"resampled {rate} to {delivery.sample_rate} Hz")
        rate = delivery.sample_rate
    if delivery.stereo and len(samples) == 1:
        samples = np.repeat(samples, 2, axis=0)
        steps.append("dual mono at -0 dB")
    if delivery.trim:
        samples, words = _trimmed(samples, rate, delivery)
        steps += words
    samples = _faded(samples, rate, delivery)
    for name, seconds in (("in", delivery.fade_in), ("out", delivery.fade_out)):
        steps += [f"{delivery.shape} fade {name} {seconds:g} s"] if seconds else []
    levelled, report = _levelled(samples, rate, delivery, steps)
    done = Delivered(Clip(levelled, rate, clip.recipe), report, delivery, earlier)
    return _coded(done, samples) if delivery.format == "ogg" else _cut(done)


def _resampled_loop(samples: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """One period ``[channels, length]`` at another rate, band-limited through its Fourier series, so that its end still
    leads into its beginning; its pitch moves by less than half a sample in its length."""
    length = resampled_length(samples.shape[1], from_rate, to_rate)
    return np.asarray(resample_period(samples.astype(np.float64), length, axis=1), dtype=np.float32)


def _trimmed(samples: np.ndarray, rate: int, delivery: Delivery) -> tuple[np.ndarray, list[str]]:
    level = np.abs(samples).max(axis=0)
    heard = np.flatnonzero(level > level.max() * 10 ** (delivery.threshold / 20))
    if not len(heard):
        raise UserError("the sound is silent: nothing would be left of it; deliver it without a trim")
    margin = round(delivery.margin * rate)
    start, end = max(0, int(heard[0]) - margin), min(len(level), int(heard[-1]) + 1 + margin)
    taken = (start / rate, (len(level) - end) / rate)
    words = [f"trimmed {taken[0]:.3f} s at the start and {taken[1]:.3f} s at the end"] if any(taken) else []
    return samples[:, start:end], words


def ramp(length: int, shape: Shape) -> np.ndarray:
    """Gains ``[length]`` of a fade in, from 0 up; 1 would come next."""
    x = np.arange(length) / max(length, 1)
    curves = {"linear": x, "cosine": (1 - np.cos(np.pi * x)) / 2, "power": np.sin(np.pi / 2 * x)}
    return curves[shape]


def _faded(samples: np.ndarray, rate: int, delivery: Delivery) -> np.ndarray:
    rise, fall = round(delivery.fade_in * rate), round(delivery.fade_out * rate)
    length = samples.shape[1]
    if rise + fall > length:
        raise UserError(
            f"the fades take {delivery.fade_in + delivery.fade_out:g} s, the sound lasts {length / rate:.3g} s; "
            "make them shorter"
        )
    gains = np.ones(length)
    gains[:rise] *= ramp(rise, delivery.shape)
    gains[length - fall :] *= ramp(fall, delivery.shape)[::-1]
    return (samples * gains).astype(np.float32)


def _levelled(samples: np.ndarray, rate: int, delivery: Delivery, steps: list[str]) -> tuple[np.ndarray, Report]:
    before = measure(samples, rate)
    if delivery.level != "keep" and isinf(before.integrated if delivery.level == "loudness" else before.true_peak):
        raise UserError("the sound is silent, or below -70 LUFS throughout: it has no level to bring to another")
    if delivery.level == "loudness":
        gain, levelled, after = _to_loudness(samples, rate, before, delivery)
    else:
        gain = min(0.0 if delivery.level == "keep" else inf, _room(before, delivery))
        levelled, after = _with_gain(samples, rate, gain) if gain else (samples, before)
    reached = delivery.level != "loudness" or abs(after.integrated - delivery.loudness) <= REACHED
    done = [f"gain {gain:+.2f} dB"] if gain else []
    return levelled, Report(gain, before, after, reached, (*steps, *done))


def _to_loudness(
    samples: np.ndarray, rate: int, found: Loudness, delivery: Delivery
) -> tuple[float, np.ndarray, Loudness]:
    """The gain (dB) that brings samples to a loudness, or to the ceiling below it; the samples then, and how loud they
    are.

    A gain carries quiet parts over the absolute gate or leaves them below it, so that loudness does not just follow it.
    What is missed is corrected until little is. A correction goes towards the answer and never past it, as parts that
    come in lower the loudness and parts that fall out raise it; so every loudness above the gate is found.
    """
    target, gain = max(delivery.loudness, QUIETEST), 0.0
    for _ in range(CORRECTIONS):
        missed = target - found.integrated
        step = min(missed, _room(found, delivery))
        gain += step
        levelled, found = _with_gain(samples, rate, gain)
        if not isfinite(found.integrated):
            break
        stopped = step < missed and found.integrated <= target
        if stopped or max(abs(step), abs(target - found.integrated)) <= NEAR:
            return gain, levelled, found
    under = "" if delivery.limit is None else f" under a ceiling of {delivery.limit:g} dBTP"
    raise UserError(
        f"{delivery.loudness:g} LUFS{under} cannot be reached: at that gain no part of the sound is above -70 LUFS, "
        "below which nothing has a loudness; ask for more, or for another ceiling"
    )


def _room(found: Loudness, delivery: Delivery) -> float:
    """dB up to the ceiling."""
    return inf if delivery.limit is None else delivery.limit - found.true_peak


def _with_gain(samples: np.ndarray, rate: int, gain: float) -> tuple[np.ndarray, Loudness]:
    louder = amplified(samples, gain)
    return louder, measure(louder, rate)


def clipped_samples(clip: Clip, form: Format) -> int:
    """How many samples lie beyond the full scale of a format of integers, and will be cut to it."""
    return 0 if form == "wav32f" else int(np.count_nonzero(np.abs(clip.samples) > 1.0))


def _cut(done: Delivered) -> Delivered:
    """The same, measured as a format of integers holds it, in which nothing goes beyond full scale."""
    if not clipped_samples(done.clip, done.delivery.format):
        return done
    held = measure(done.clip.samples.clip(-1, 1), done.clip.sample_rate)
    return replace(done, report=replace(done.report, after=held))


def _coded(done: Delivered, plain: np.ndarray) -> Delivered:
    """The same as Ogg Vorbis, made of the samples before the gain."""
    report, rate, asked = done.report, done.clip.sample_rate, done.delivery
    wanted = asked.loudness if asked.level == "loudness" and report.reached else None
    found = coded(plain, rate, report.gain, wanted, asked.limit)
    missed = 0.0 if wanted is None or found.lowered else abs(found.loudness.integrated - wanted)
    if asked.level == "loudness" and not (isfinite(found.loudness.integrated) and missed <= HEARD):
        raise UserError(
            f"{asked.loudness:g} LUFS cannot be reached as ogg: so quiet, Vorbis leaves another loudness, or none; ask "
            "for more, or for another format"
        )
    steps, more = report.steps, found.gain - report.gain
    steps = (*steps, f"gain {more:+.2f} dB to make up for Vorbis") if more else steps
    reached = report.reached and not (found.lowered and asked.level == "loudness")
    report = replace(report, gain=found.gain, after=found.loudness, reached=reached, steps=steps)
    return replace(done, clip=Clip(found.samples, rate, done.clip.recipe), report=report, stream=found.stream)
