"""Where the time of a call went."""

import threading
import time
from typing import Any

import pytest
import torch
from torch import nn

from soundctm.benchmark.clock import REST, Stopwatch, marked

NAP = 0.02
CPU = torch.device("cpu")


def nap(watch: Stopwatch, *stages: str) -> None:
    for stage in stages:
        time.sleep(NAP)
        watch.mark(stage)


def test_stages_and_rest_add_up() -> None:
    watch = Stopwatch(CPU)
    timing = watch.measure(lambda: nap(watch, REST, "text", "sampler", "sampler", "decoder"))
    assert timing.text + timing.sampler + timing.decoder + timing.rest == pytest.approx(timing.total)
    assert min(timing.text, timing.decoder, timing.rest, timing.sampler / 2) >= NAP


def test_a_second_call_begins_anew() -> None:
    watch = Stopwatch(CPU)
    watch.measure(lambda: nap(watch, "text"))
    timing = watch.measure(lambda: nap(watch, "decoder"))
    assert timing.text == 0.0 and timing.decoder >= NAP


def test_threads_at_once_count_in_the_mean() -> None:
    """Two threads that decode side by side take no longer than one; the total has room for all stages."""
    watch = Stopwatch(CPU)

    def call() -> None:
        threads = [threading.Thread(target=nap, args=(watch, "sampler", "decoder")) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    timing = watch.measure(call)
    assert min(timing.sampler, timing.decoder) >= NAP
    assert timing.sampler + timing.decoder <= timing.total


class Own(nn.Module):
    """Objects whose method is a class's, an attribute of their own, or a module."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Identity()
        self.mine = lambda x: x + 1

    def theirs(self, x: int) -> int:
        return x + 1


@pytest.mark.parametrize("method", ["theirs", "mine", "inner"])
def test_watching_a_method_leaves_no_trace(method: str) -> None:
    watch, owner = Stopwatch(CPU), Own()
    before = dict(vars(owner))

    def call() -> None:
        with marked(owner, method, watch, "text", "decoder"):
            time.sleep(NAP)
            assert getattr(owner, method)(1) in (1, 2)

    timing = watch.measure(call)
    assert timing.text >= NAP and timing.decoder > 0.0
    assert vars(owner) == before


def test_watching_ends_with_an_error() -> None:
    watch, owner = Stopwatch(CPU), Own()
    before = dict(vars(owner))
    with pytest.raises(TypeError), marked(owner, "theirs", watch, REST, "text"):
        wrong: Any = None
        owner.theirs(wrong)
    assert vars(owner) == before
