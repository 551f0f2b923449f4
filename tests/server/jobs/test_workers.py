"""Which takes a thread has in hand at once."""

from soundctm import SoundCTM
from soundctm.server.jobs.workers import Workers, _Turn
from tests.server.jobs.makers import tickets


def test_a_thread_at_a_take_in_windows_keeps_no_other_waiting_for_its_end(model: SoundCTM) -> None:
    (long,), (short,), (other,) = (
        tickets("a", seconds=seconds) for seconds in (model.config.max_seconds + 1, 1.0, 1.0)
    )
    waiting = [long, short, other]
    workers = Workers(model, lambda wait: waiting.pop(0), lambda ticket, new: None, lambda ticket, result: None)
    held: dict[int, _Turn] = {}
    assert workers._pull(held, wait=True) is not None and waiting == [short, other]
    assert workers._pull(held, wait=False) is None and waiting == [short, other]
    held.clear()
    assert workers._pull(held, wait=False) is not None
    assert workers._pull(held, wait=False) is not None and waiting == []
