"""How a program ends whose user can mend something: as the commands do."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from soundctm.errors import UserError


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Exit with 2 and one line on stderr for a :class:`UserError`."""
    try:
        yield
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
