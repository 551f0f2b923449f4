"""A server of its own for a benchmark."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def served(*command: str) -> Iterator[tuple[str, int]]:
    """Address and process of ``soundctm`` with this command, on a free port; it ends with the block."""
    whole = [sys.executable, "-m", "soundctm", *command, "--port", "0"]
    with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        words = next((line for line in server.stdout if "http://" in line), "").split()
        address = next((word for word in words if word.startswith("http://")), None)
        if address is None:
            raise SystemExit(f"soundctm {' '.join(command)} did not start; it ended with {server.wait()}")
        # A pipe that nobody reads fills up, and would hold up a server that says much.
        threading.Thread(target=drain, args=(server.stdout,), daemon=True).start()
        try:
            yield address.rstrip("/"), server.pid
        finally:
            server.terminate()


def drain(words: TextIO) -> None:
    """Read to the end."""
    for _ in words:
        pass
