"""Where the ``soundctm`` command begins: before the imports of all others, in which Ctrl-C may come as well."""

import sys


def main() -> None:
    """Run the command; 130 where it is interrupted before it has begun."""
    try:
        from soundctm.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("soundctm: interrupted\n")
        sys.exit(130)
    run()
