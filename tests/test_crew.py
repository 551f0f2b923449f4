"""Takes made together are the takes made alone."""

import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, SoundCTM, UserError, crew, edits
from soundctm.audio import Recipe
from soundctm.control.targets import from_shape
from soundctm.crew import AHEAD, CPU_WIDTH, GPU_WIDTH, SMALL, Crew, Source, perform
from soundctm.engines.abilities import multiplies_int8
from soundctm.lanes import Batcher, Lanes
from soundctm.performance import Performance, Tick
from tests.oracles.edits import A, recipe_of


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


CREWS = [Crew(0, 1, 1), Crew(0, 3, 1), Crew(1, 1, 1), Crew(2, 1, 1), Crew(3, 4, 1)]


def made(model: SoundCTM, clips: list[Clip], crew: Crew) -> list[np.ndarray]:
    """The clips again, by another crew."""
    makers = [partial(begun, model, recipe_of(clip)) for clip in clips]
    return [clip.samples for clip in perform(makers, crew, Batcher(), lambda: None)]


def begun(model: SoundCTM, recipe: Recipe, tick: Tick) -> Performance:
    return Performance(model.engine, recipe, {A.digest: A}, tick)


def mixed(model: SoundCTM) -> list[Clip]:
    """Takes of several prompts, lengths, step counts and ways of being made, each made alone."""
    one = partial(model.generate, seed=3)
    return [
        *one("rain", steps=3), *one("a dog, then thunder", steps=1), *one("rain", steps=2, nu=2.0),
        *one("a dog", steps=3, gamma=0.5), *one("wind", seconds=0.5, steps=2), *one("rain", steps=3, omega=1.5),
        *one("rain", seconds=7.7, steps=2), *one("rain", steps=2, loop=True), *one("dog", steps=2, seed=4),
        *one("rain", steps=2, targets=[from_shape("rise", 1.0)], seconds=1.0),
        *model.edit(edits.fill(A, 0.2, 0.5), "rain", steps=2, seed=1),
        *model.edit(edits.transform(A, 0.0), "rain", steps=2, seed=1),
    ]  # fmt: skip


@pytest.mark.parametrize("crew", CREWS, ids=str)
def test_no_take_knows_of_the_others(model: SoundCTM, crew: Crew) -> None:
    clips = mixed(model)
    for clip, samples in zip(clips, made(model, clips, crew), strict=True):
        assert np.array_equal(clip.samples, samples), recipe_of(clip)


def test_a_take_is_the_same_on_any_number_of_cores(model: SoundCTM) -> None:
    before, heard = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            heard.append(model.generate("rain, then a dog", takes=5, steps=2, seed=3)[4].samples)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert all(np.array_equal(samples, heard[0]) for samples in heard[1:])


def test_the_network_is_asked_for_several_takes_at_once(model: SoundCTM) -> None:
    sizes: list[int] = []
    clips = model.generate("rain", takes=6, steps=4, seed=3) + model.generate("a dog", takes=2, steps=4, seed=3)
    handle = model.student.preprocess_conv.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    try:
        made(model, clips, Crew(0, 8, 1))
    finally:
        handle.remove()
    assert sizes == [*[1] * 8, 8, 8, 8, 8]  # the first batch of its size is held against takes alone


def test_work_is_counted_in_the_thread_of_the_caller(model: SoundCTM) -> None:
    seen: list[tuple[int, int]] = []
    threads: set[int] = set()

    def callback(done: int, total: int) -> None:
        seen.append((done, total))
        threads.add(threading.get_ident())

    model.generate("rain", takes=5, steps=3, seed=3, callback=callback)
    assert seen == [(i + 1, 15) for i in range(15)] and threads == {threading.get_ident()}


def working() -> list[str]:
    """Threads that make takes."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("take-")]


@pytest.mark.parametrize("crew", [Crew(0, 2, 1), Crew(2, 2, 1)], ids=str)
def test_who_stops_listening_stops_the_work(model: SoundCTM, crew: Crew) -> None:
    clips = model.generate("rain", takes=8, steps=4, seed=3)
    makers = [partial(begun, model, recipe_of(clip)) for clip in clips]
    ticks = 0

    class Enough(Exception):
        pass

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            raise Enough

    with pytest.raises(Enough):
        list(perform(makers, crew, Batcher(), tick))
    assert ticks == 3 and not working()
    takes = perform(makers, crew, Batcher(), lambda: None)
    next(takes)
    takes.close()  # type: ignore[attr-defined]
    assert not working()


def test_an_error_on_the_way_reaches_the_caller(model: SoundCTM) -> None:
    recipe = recipe_of(model.edit(edits.fill(A, 0.2, 0.5), "rain", steps=2, seed=1)[0])
    fine = recipe_of(model.generate("rain", seed=1)[0])
    with pytest.raises(UserError, match="recording"):
        list(model.replay([fine, recipe, fine]))


def test_a_take_whose_end_goes_wrong_leaves_those_beside_it_alone(model: SoundCTM) -> None:
    class Spoilt(Performance):
        def finish(self, z: torch.Tensor) -> Clip:
            raise UserError("its recording is gone")

    recipe = recipe_of(model.generate("rain", seed=1)[0])
    makers = [partial(each, model.engine, recipe, {}, lambda: None) for each in (Spoilt, Performance)]
    given = iter(enumerate(makers))
    made = dict(Lanes(2, 1, Batcher()).run(lambda wait: next(given, None)))
    assert isinstance(made[0], UserError) and isinstance(made[1], Clip)


def test_crews_fit_the_network_and_the_machine() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert Crew.of(SMALL - 1, cpu, 4, 1) == Crew(1, 1, 1)
    assert Crew.of(SMALL - 1, cpu, 4, 6) == Crew(4, 2, 1)
    assert Crew.of(SMALL - 1, cpu, 4, 6, steps=16) == Crew(3, 2, 1)
    assert Crew.of(SMALL - 1, cpu, 4, 3, steps=2) == Crew(2, 2, 1)
    assert Crew.of(SMALL - 1, cpu, 4, 2, steps=2) == Crew(2, 1, 1)
    assert Crew.of(SMALL - 1, cpu, 4, 1000) == Crew(4, CPU_WIDTH, 1)
    assert Crew.of(SMALL - 1, cpu, 4, 1000, seconds=600.0) == Crew(1, CPU_WIDTH, 1)
    assert Crew.of(SMALL + 1, cpu, 4, 1000) == Crew(0, 1, 4)
    assert Crew.of(SMALL + 1, gpu, 4, 6) == Crew(0, 6, 4) and Crew.of(SMALL - 1, gpu, 4, 1000) == Crew(0, GPU_WIDTH, 4)


def test_a_prompt_is_encoded_once(model: SoundCTM) -> None:
    asked: list[str] = []
    encode = model.text_encoder.encode
    model.text_encoder.encode = lambda prompts: asked.extend(prompts) or encode(prompts)  # type: ignore[assignment,operator,func-returns-value]
    try:
        model.generate("a dog that barks at rain", takes=3, steps=4)
        model.generate("a dog that barks at rain", steps=1)
    finally:
        del model.text_encoder.encode
    assert len(asked) == 1


def test_takes_of_two_networks_do_not_share_a_batch(model: SoundCTM) -> None:
    """Takes with targets are made by the plain networks, whatever the others are made by."""
    other = model.optimize("eager", "int8" if multiplies_int8(torch.device("cpu")) else "float32")
    plain = other.generate("rain", takes=2, steps=2, seconds=1.0, seed=3)
    steered = other.generate("rain", takes=2, steps=2, seconds=1.0, seed=4, targets=[from_shape("rise", 1.0)])
    recipes = [recipe_of(clip) for clip in (plain[0], steered[0], plain[1], steered[1])]
    for clip, again in zip((plain[0], steered[0], plain[1], steered[1]), other.replay(recipes), strict=True):
        assert np.array_equal(clip.samples, again.samples) and again.recipe == clip.recipe


def test_work_leaves_the_callers_settings_alone(model: SoundCTM) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        for crew in (Crew(0, 2, 1), Crew(2, 2, 1)):
            clips = model.generate("rain", takes=4, steps=2, seed=3)
            takes = perform([partial(begun, model, recipe_of(c)) for c in clips], crew, Batcher(), lambda: None)
            next(takes)
            assert torch.is_grad_enabled() and torch.get_num_threads() == 3
            with torch.no_grad():
                takes.close()  # type: ignore[attr-defined]
                assert not torch.is_grad_enabled()
            found: list[int] = []
            thread = threading.Thread(target=lambda found=found: found.append(torch.get_num_threads()))
            thread.start()
            thread.join()
            assert found == [3]
    finally:
        torch.set_num_threads(before)


def test_a_take_of_another_length_does_not_wait_for_all_others(model: SoundCTM) -> None:
    clips = model.generate("rain", seconds=0.5, seed=3, steps=2) + model.generate("rain", takes=12, seed=3, steps=2)
    steps: list[int] = []
    takes = perform(
        [partial(begun, model, recipe_of(c)) for c in clips], Crew(0, 4, 1), Batcher(), lambda: steps.append(1)
    )
    next(takes)
    assert len(steps) == 2
    takes.close()  # type: ignore[attr-defined]


def test_nobody_works_far_ahead(model: SoundCTM, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first take is held up, the other worker makes what is allowed, and then has nothing to do."""
    recipes = [recipe_of(clip) for clip in model.generate("rain", takes=20, seed=3)]
    first, idle = threading.Event(), threading.Event()
    begun_ones: list[int] = []

    class Watched(Source):
        def pull(self, wait: bool) -> tuple[int, Callable[[], Performance]] | None:
            given = super().pull(False)
            if given is None and wait:
                idle.set()
                given = super().pull(True)
            return given

    def make(number: int, tick: Tick) -> Performance:
        begun_ones.append(number)
        assert number or first.wait(60)
        return begun(model, recipes[number], tick)

    monkeypatch.setattr(crew, "Source", Watched)
    heard: list[np.ndarray] = []
    makers = [partial(make, number) for number in range(len(recipes))]
    listener = threading.Thread(target=lambda: heard.extend(perform(makers, Crew(2, 1, 1), Batcher(), lambda: None)))
    listener.start()
    try:
        assert idle.wait(60)
        assert sorted(begun_ones) == list(range(2 * AHEAD))
    finally:
        first.set()
        listener.join()
    assert len(heard) == 20 and sorted(begun_ones) == list(range(20))


def test_an_open_iterator_does_not_hold_up_the_end_of_a_program(tiny_folder: Path) -> None:
    program = f"""
from soundctm import SoundCTM
model = SoundCTM.from_pretrained({str(tiny_folder)!r})
takes = model.replay(model.recipes("rain", takes=200, steps=8, seed=1))
next(takes)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_to_make(model: SoundCTM) -> None:
    assert list(model.replay([])) == []
