"""What was made a moment ago, and is asked for again."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class Kept:
    """Keeps the last bytes that were made, ``most`` of them together. Safe from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> bytes | None:
        """What is kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What is kept under a key, made first where there is nothing."""
        if (found := self.find(key)) is not None:
            return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while sum(map(len, self._kept.values())) > self._most:
                self._kept.popitem(last=False)
        return made
