"""Freed memory that stays with the process. In processes of their own, as the setting does."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, threading, torch
from soundctm.engines.allocator import keep_freed_memory
kept = keep_freed_memory() if {ask} else None

def use():
    tensors = [torch.ones(500_000) for _ in range(12)]  # of 2 MB

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(kept, sorted(faults() for _ in range(11))[5])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is a function of glibc, on Linux")
def test_a_thread_gets_the_pages_of_the_one_before_it() -> None:
    said = {
        ask: subprocess.run(
            [sys.executable, "-c", PROGRAM.format(ask=ask)], capture_output=True, text=True, check=True
        ).stdout.split()
        for ask in (False, True)
    }
    if said[True][0] == "False":
        pytest.skip("the C library of this machine is not glibc")
    kept, given_back = int(said[True][1]), int(said[False][1])  # page faults of a thread
    assert given_back > 1000 and kept < given_back / 2
