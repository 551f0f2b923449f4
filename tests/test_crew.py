"""Takes made together are the takes made alone."""

import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, SoundCTM, UserError, edits
from soundctm.control.targets import from_shape
from soundctm.crew import CPU_WIDTH, GPU_WIDTH, SMALL, Crew, perform
from soundctm.engines.threads import threads
from soundctm.lanes import Batcher
from soundctm.performance import Performance
from tests.oracles.edits import A, recipe_of


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


CREWS = [Crew(0, 1), Crew(0, 3), Crew(1, 1), Crew(2, 1), Crew(3, 4)]


def made(model: SoundCTM, clips: list[Clip], crew: Crew) -> list[np.ndarray]:
    """The clips again, by another crew."""
    sources = {A.digest: A}
    with threads(1):  # of the caller's own thread, as the crew's are
        performances = [Performance(model.engine, recipe_of(clip), sources, lambda: None) for clip in clips]
        return list(perform(performances, crew, Batcher(), lambda: None))


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
        made(model, clips, Crew(0, 8))
    finally:
        handle.remove()
    assert sizes == [8, *[1] * 8, 8, 8, 8]  # the first batch of its size is held against takes alone


def test_rows_that_would_differ_are_not_put_together() -> None:
    """A network whose answer depends on the size of the batch."""
    from soundctm.trajectory.leap import StagedLeap
    from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

    student, sizes = tiny_dit("student", **MINI), []

    def core(x: torch.Tensor, level: torch.Tensor, text: object) -> torch.Tensor:
        sizes.append(len(x))
        return x * (1 + 1e-7 * len(x))

    leap = StagedLeap(student, random_text(1, 3), random_text(1, 1), torch.ones(1), 1.0, [(80.0, 0.002)])
    asked = [leap.rows(random_latents(1, 8, seed=i), 0) for i in range(3)]
    batcher = Batcher()
    for _ in range(2):
        answers = batcher.answer(core, asked)
        assert all(torch.equal(answer, rows.x * (1 + 1e-7)) for answer, rows in zip(answers, asked, strict=True))
    assert sizes == [3, 1, 1, 1, 1, 1, 1] and list(batcher.exact.values()) == [False]


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


@pytest.mark.parametrize("crew", [Crew(0, 2), Crew(2, 2)], ids=str)
def test_who_stops_listening_stops_the_work(model: SoundCTM, crew: Crew) -> None:
    clips = model.generate("rain", takes=8, steps=4, seed=3)
    performances = [Performance(model.engine, recipe_of(clip), {}, lambda: None) for clip in clips]
    ticks = 0

    class Enough(Exception):
        pass

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            raise Enough

    with pytest.raises(Enough):
        list(perform(performances, crew, Batcher(), tick))
    assert ticks == 3 and not working()
    takes = perform(performances, crew, Batcher(), lambda: None)
    next(takes)
    takes.close()  # type: ignore[attr-defined]
    assert not working()


def test_an_error_on_the_way_reaches_the_caller(model: SoundCTM) -> None:
    recipe = recipe_of(model.edit(edits.fill(A, 0.2, 0.5), "rain", steps=2, seed=1)[0])
    fine = recipe_of(model.generate("rain", seed=1)[0])
    with pytest.raises(UserError, match="recording"):
        list(model.replay([fine, recipe, fine]))


def test_crews_fit_the_network_and_the_machine() -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    cores = torch.get_num_threads()
    assert Crew.of(SMALL - 1, cpu, 1) == Crew(1, 1)
    assert Crew.of(SMALL - 1, cpu, 1000) == Crew(cores, CPU_WIDTH)
    assert Crew.of(SMALL + 1, cpu, 1000) == Crew(0, 1)
    assert Crew.of(SMALL + 1, gpu, 6) == Crew(0, 6) and Crew.of(SMALL - 1, gpu, 1000) == Crew(0, GPU_WIDTH)


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
