"""From calls to figures."""

import numpy as np

from soundctm.benchmark.clock import Timing
from soundctm.benchmark.measurement import Measurement, Variant
from soundctm.benchmark.results import Floor, Model, Spread, Stages, VariantResult
from soundctm.model import SoundCTM


def summarise(measurement: Measurement, peaks: dict[str, float]) -> tuple[VariantResult, ...]:
    """What all variants came to; ``peaks`` are operations per second by precision."""
    naive = {variant.steps: variant for variant in measurement.variants if variant.name == "naive"}
    return tuple(_result(measurement, each, naive.get(each.steps), peaks) for each in measurement.variants)


def _result(
    measurement: Measurement, variant: Variant, naive: Variant | None, peaks: dict[str, float]
) -> VariantResult:
    times = [timing.total for timing in variant.timings]
    spread = Spread.of(times)
    floor = floor_of(measurement, variant.steps, peaks)
    ratio, difference = None, None
    if naive is not None and naive is not variant:
        ratio = Spread.of([slow.total / fast for slow, fast in zip(naive.timings, times, strict=True)])
        difference = float(np.linalg.norm(variant.sound - naive.sound) / (np.linalg.norm(naive.sound) + 1e-12))
    return VariantResult(
        path=variant.name, steps=variant.steps, first=variant.first, times=tuple(times), spread=spread,
        stages=_stages(variant.timings[times.index(spread.median)], variant.steps),
        flops=sum(variant.work.values()), floor=floor, over_floor=spread.median / floor.total, ratio=ratio,
        difference=difference, realtime=measurement.settings.takes * measurement.seconds / spread.median,
    )  # fmt: skip


def floor_of(measurement: Measurement, steps: int, peaks: dict[str, float]) -> Floor:
    """The operations that our path needs, each stage at the peak rate of the numbers that it multiplies."""
    work = measurement.flops.ours(steps, measurement.settings.takes)
    needed = {stage: work[stage] / peaks[precision] for stage, precision in measurement.multiplied.items()}
    return Floor(total=sum(needed.values()), per_step=needed["sampler"] / steps, **needed)


def _stages(timing: Timing, steps: int) -> Stages:
    return Stages(
        total=timing.total, text=timing.text, sampler=timing.sampler, per_step=timing.sampler / steps,
        decoder=timing.decoder, rest=timing.rest,
    )  # fmt: skip


def describe_model(model: SoundCTM, seconds: float) -> Model:
    """The model in facts, with sounds of so many seconds."""
    parts = {"student": model.student, "autoencoder": model.autoencoder, "text_encoder": model.text_encoder}
    return Model(
        name=model.name, hash=model.model_hash, sample_rate=model.sample_rate, seconds=seconds,
        frames=model.frames(seconds),
        parameters={name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()},
    )  # fmt: skip
