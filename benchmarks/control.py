"""What docs/control.md shows, measured: `python benchmarks/control.py --data FOLDER --out runs/control --threads 3`.

FOLDER holds the folder esc10. Run it again after an interruption: what is done for this model is kept. At its
end it writes the figures' part of docs/control.md, docs/figures/control.json and docs/images/control_*.png.
"""

import argparse
import sys
from pathlib import Path

from control_figures import page, work
from control_figures.place import Place, sizes_for

from soundctm.errors import UserError

DOCS = Path(__file__).resolve().parent.parent / "docs"


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10")
    parser.add_argument("--out", type=Path, default=Path("runs/control"), help="where results are kept")
    parser.add_argument("--model", default="mini")
    parser.add_argument("--threads", type=int, default=3, help="pieces at a time, each on one thread")
    parser.add_argument("--scale", type=float, default=1.0, help="share of prompts, recordings and takes, for a try")
    parser.add_argument("--only", default="", help="only pieces whose name holds this")
    parser.add_argument("--again", action="store_true", help="measure what is done already once more")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder with control.md")
    return parser.parse_args()


def main() -> int:
    """Measure what is missing, then write."""
    arguments = parsed()
    try:
        place = Place(arguments.out, arguments.model, arguments.data, sizes_for(arguments.scale))
        page.page_in(arguments.docs)  # before an hour of work, not after it
        work.run(place, work.all_pieces(place.sizes, arguments.only), arguments.threads, arguments.again)
        for path in page.write(place, arguments.docs):
            print(f"wrote {path}")
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; what is done is kept, and the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
