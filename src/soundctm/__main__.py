"""``python -m soundctm``."""

from soundctm.cli.entry import main

main()
