"""A whole benchmark on a tiny model: what is in the report, and how it hangs together."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm import SoundCTM, UserError
from soundctm.benchmark.measurement import Measurement
from soundctm.benchmark.paths import multiplied
from soundctm.benchmark.results import Report, Spread
from soundctm.benchmark.run import run, without_folders
from soundctm.benchmark.settings import Settings, check_settings, read_steps
from soundctm.benchmark.summary import floor_of, summarise
from soundctm.engines.abilities import multiplies_bfloat16, multiplies_int8

PEAK = 2e9
needs_bfloat16 = pytest.mark.skipif(
    not multiplies_bfloat16(torch.device("cpu")), reason="no instructions for bfloat16 here"
)


@pytest.fixture(scope="module")
def report(tiny_folder: Path) -> Report:
    settings = Settings(
        model=str(tiny_folder), steps=(1, 3), takes=2, seconds=0.5, repeats=4, fresh=False, peak=PEAK, threads=1
    )
    return run(settings, command=("soundctm", "benchmark"))


def test_every_variant_is_there(report: Report) -> None:
    found = [(variant.path, variant.steps) for variant in report.variants]
    assert found == [("naive", 1), ("ours", 1), ("naive", 3), ("ours", 3)]
    assert all(len(variant.times) == 4 and variant.first > 0 for variant in report.variants)
    assert (report.model.seconds, report.model.sample_rate, report.model.frames) == (0.5, 8000, 32)
    assert report.machine.threads == 1 and {"python", "torch", "soundctm"} <= report.machine.versions.keys()
    assert report.command == ("soundctm", "benchmark") and report.fresh == ()


def test_medians_were_measured_and_lie_within(report: Report) -> None:
    for variant in report.variants:
        spread = variant.spread
        assert spread.median in variant.times
        assert spread.min <= spread.p25 <= spread.median <= spread.p75 <= spread.max
        assert (spread.min, spread.max) == (min(variant.times), max(variant.times))


def test_stages_add_up_to_the_median(report: Report) -> None:
    for variant in report.variants:
        stages = variant.stages
        assert stages.total == variant.spread.median
        assert stages.text + stages.sampler + stages.decoder + stages.rest == pytest.approx(stages.total)
        assert min(stages.text, stages.sampler, stages.decoder) > 0 and stages.rest > -1e-4
        assert stages.per_step == stages.sampler / variant.steps


def test_floors_are_operations_at_the_peak(report: Report) -> None:
    assert report.peaks == {"float32": PEAK} and set(report.multiplied.values()) == {"float32"}
    for variant in report.variants:
        work = 2 * (variant.steps * report.flops["step"] + report.flops["decoder"]) + report.flops["text"]
        assert variant.floor.total == pytest.approx(work / PEAK)
        assert variant.over_floor == pytest.approx(variant.spread.median / variant.floor.total)
        assert (variant.flops == work) == (variant.path == "ours")


def test_ratios_are_of_calls_of_the_same_round(report: Report) -> None:
    for naive, ours in zip(report.variants[::2], report.variants[1::2], strict=True):
        pairs = [slow / fast for slow, fast in zip(naive.times, ours.times, strict=True)]
        assert ours.ratio == Spread.of(pairs) and naive.ratio is None
        assert ours.difference is not None and ours.difference < 1e-4
        assert ours.realtime == pytest.approx(2 * 0.5 / ours.spread.median)


def test_a_report_survives_the_way_through_json(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_variants_take_turns_with_prompts_of_their_own(tiny: SoundCTM, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, float, float]] = []
    prompts: list[str] = []
    settings = Settings(model="tiny", steps=(1, 2), seconds=0.1, repeats=3, warmup=2)
    measurement = Measurement(tiny, settings, lambda *each: told.append(each))
    for path in {id(variant.path): variant.path for variant in measurement.variants}.values():

        def make(prompt: str, *rest: Any, plain: Any = path.make) -> list[np.ndarray]:
            prompts.append(prompt)
            return list(plain(prompt, *rest))

        monkeypatch.setattr(path, "make", make)
    measurement.warm_up()
    measurement.measure()
    labels = [label for label, _, _ in told[::2]]
    assert labels == ["naive, 1 step", "ours, 1 step", "naive, 2 steps", "ours, 2 steps"] * 5
    assert len(prompts) == 20 and len(set(prompts[4:])) == 16
    assert prompts[0] == prompts[1] != prompts[2] == prompts[3]
    done = [each[1] for each in told]
    assert done == sorted(done) and done[0] == 0.0 and done[-1] == pytest.approx(told[-1][2])


def test_without_the_naive_path_there_is_no_ratio(tiny: SoundCTM) -> None:
    settings = Settings(model="tiny", steps=(2,), seconds=0.1, repeats=1, naive=False)
    measurement = Measurement(tiny, settings)
    measurement.warm_up()
    measurement.measure()
    (variant,) = summarise(measurement, {"float32": PEAK})
    assert variant.path == "ours" and variant.ratio is None and variant.difference is None


@needs_bfloat16
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_each_stage_is_counted_in_what_it_multiplies(tiny: SoundCTM, paper: SoundCTM, precision: str) -> None:
    """Text is never rounded, nor the spectral decoder; the DAC decodes in bfloat16 where it can, if not in float32."""
    if precision == "int8" and not multiplies_int8(torch.device("cpu")):
        pytest.skip("no instructions for int8 here")
    expected = {"text": "float32", "sampler": precision, "decoder": "float32"}
    settings = Settings(model="any", steps=(1,), precision=precision, naive=False)
    assert Measurement(tiny, settings).multiplied == expected
    halved = expected | {"decoder": "float32" if precision == "float32" else "bfloat16"}
    assert Measurement(paper, settings).multiplied == halved


def test_onnx_leaves_the_dac_in_float32(paper: SoundCTM) -> None:
    assert multiplied("int8", paper.optimize("onnx", "int8").engine.autoencoder)["decoder"] == "float32"


def test_tf32_is_for_all_but_text(tiny: SoundCTM) -> None:
    found = multiplied("tf32", tiny.engine.autoencoder)
    assert found == {"text": "float32", "sampler": "tf32", "decoder": "tf32"}


@needs_bfloat16
def test_a_floor_takes_each_stage_at_its_own_rate(paper: SoundCTM) -> None:
    measurement = Measurement(paper, Settings(model="any", steps=(3,), takes=2, precision="bfloat16", naive=False))
    floor, work = floor_of(measurement, 3, {"float32": 1e9, "bfloat16": 4e9}), measurement.flops
    assert floor.text == pytest.approx(work.text / 1e9)
    assert floor.sampler == pytest.approx(6 * work.step / 4e9) == 3 * floor.per_step
    assert floor.decoder == pytest.approx(2 * work.decoder / 4e9)
    assert floor.total == pytest.approx(floor.text + floor.sampler + floor.decoder)


def test_quartiles_by_hand() -> None:
    assert Spread.of([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(median=3.0, p25=2.0, p75=4.0, min=1.0, max=5.0)
    assert Spread.of([2.0, 1.0]).median == 1.0


def test_steps_are_read() -> None:
    assert read_steps("16, 1,4,4") == (1, 4, 16)
    for text in ("", "1,,4", "one", "1.5"):
        with pytest.raises(UserError, match="accepted are whole numbers"):
            read_steps(text)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": (0, 4)}, "steps is 0"),
        ({"steps": (1, 129)}, "steps is 129"),
        ({"takes": 0}, "takes is 0"),
        ({"seconds": -1.0}, "seconds is -1"),
        ({"repeats": 0}, "repeats is 0"),
        ({"warmup": 0}, "warmup is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"peak": 0.0}, "peak is 0 TFLOP/s"),
        ({"peak": float("nan")}, "peak is nan TFLOP/s"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_settings(Settings.model_validate({"model": "mini", **wrong}))


def test_a_report_names_files_and_not_where_they_lie() -> None:
    command = ["soundctm", "--out", "/somebody/at/home/ours.json", "figures/ours.json"]
    assert without_folders(command) == ("soundctm", "--out", "ours.json", "figures/ours.json")
