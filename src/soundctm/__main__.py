"""``python -m soundctm``."""

from soundctm.cli.app import main

main()
