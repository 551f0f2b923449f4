"""The contact sheet: every take with a player and its spectrogram, on one page that needs nothing but its folder."""

from collections.abc import Sequence
from html import escape
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from soundctm.batch.order import Order
from soundctm.batch.place import REPORT
from soundctm.batch.report import Result, category_of, shortfalls, shown

FIGURES = {  # of a take: column, what it is called here, its unit
    "match": ("match", ""), "nearest": ("likest other take", ""), "to_first": ("likeness to the first", ""),
    "loudness": ("loudness", " LUFS"), "true_peak": ("true peak", " dBTP"), "steps": ("steps", ""),
    "seed": ("seed", ""), "tries": ("tries", ""),
}  # fmt: skip
LEGEND = (
    "Match is how near the sound comes to its prompt, from -1 to 1. Likest other take is how like the take of the same "
    "row that it resembles most: 1 is the same sound."
)
INDEXED = 8  # rows from which on there is an index

STYLE = """
:root { color-scheme: light dark; --ink: #1d1b22; --paper: #faf9f7; --line: #d9d6d0; --soft: #6b6670; --bad: #a8322a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6e3; --paper: #14121a; --line: #35313e; --soft: #a09aa8; --bad: #f08a80 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 90rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 2rem 0 .2rem; overflow-wrap: anywhere }
p { margin: .2rem 0; color: var(--soft); overflow-wrap: anywhere }
.takes { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; margin-top: .6rem }
figure { margin: 0; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden }
img { display: block; width: 100%; height: 8rem; object-fit: fill; background: #000 }
audio { display: block; width: 100% }
figcaption { padding: .4rem .6rem; font-size: .85rem; overflow-wrap: anywhere }
.bad { border-color: var(--bad) } .bad figcaption, .warn { color: var(--bad) }
nav ol { columns: 14rem; padding-left: 2.5rem; margin: .6rem 0 } nav li { overflow-wrap: anywhere }
dl { display: flex; flex-wrap: wrap; gap: 0 .8rem; margin: .2rem 0 0; color: var(--soft) } dd { margin: 0 }
dl div { display: flex; gap: .3rem }
a { color: inherit } a:focus-visible, audio:focus-visible { outline: 2px solid currentColor }
"""


def contact_sheet(orders: Sequence[Order], results: Sequence[Result]) -> bytes:
    """The page; ``results`` are those of the orders, one for each take, in their order."""
    takes = iter(results)
    parts = [(order, list(islice(takes, order.row.takes))) for order in orders]
    rows = "\n".join(_row(number, *part) for number, part in enumerate(parts, 1))
    kept = sum(result.kept for result in results)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'; object-src 'none'; base-uri 'none'">
<title>Contact sheet: {kept} of {len(results)} takes</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{kept} of {len(results)} takes kept</h1>
<p>Synthetic sounds. All figures: <a href="{REPORT}">{REPORT}</a></p>
<p>{LEGEND}</p>
{_index(parts)}{rows}
</body>
</html>
"""
    return page.encode()


def _index(parts: Sequence[tuple[Order, Sequence[Result]]]) -> str:
    """Where each row is found, of a page that is too long to be looked through."""
    if len(parts) < INDEXED:
        return ""
    items = "\n".join(
        f'<li><a href="#row-{number}">{escape(order.row.name)}</a> {sum(result.kept for result in results)} of '
        f"{len(results)}</li>"
        for number, (order, results) in enumerate(parts, 1)
    )
    return f'<nav aria-label="Rows">\n<ol>\n{items}\n</ol>\n</nav>\n'


def _row(number: int, order: Order, results: Sequence[Result]) -> str:
    understood = str(results[0].cells["understood"])
    lines = [order.row.prompt]
    lines += [] if understood == order.row.prompt else [f"Understood as: {understood}"]
    lines += [category] if (category := category_of(results[0])) else []
    about = "".join(f"<p>{escape(line)}</p>\n" for line in lines)
    figures = "\n".join(map(_take, results))
    return (
        f'<section id="row-{number}">\n<h2>{escape(order.row.name)}</h2>\n{about}'
        f'<div class="takes">\n{figures}\n</div>\n</section>'
    )


def _take(result: Result) -> str:
    cells = result.cells
    take = f"Take {cells['take']}"
    if not result.kept:
        return f'<figure class="bad"><figcaption>{take} left out: {escape(str(cells["reason"]))}</figcaption></figure>'
    sound, picture = (quote(name) for name in result.files)
    name = escape(Path(result.files[0]).name)
    facts = "".join(
        f"<div><dt>{label}</dt><dd>{escape(shown(column, cells[column]))}{unit}</dd></div>"
        for column, (label, unit) in FIGURES.items()
        if cells.get(column) is not None
    )
    warnings = "".join(f'<p class="warn">{escape(what)}</p>' for what in shortfalls(result))
    return (
        f'<figure><img src="{picture}" alt="Spectrogram of {name}" loading="lazy">'
        f'<audio controls preload="none" src="{sound}" aria-label="{name}"></audio>'
        f'<figcaption><a href="{sound}" download>{name}</a><dl>{facts}</dl>{warnings}</figcaption></figure>'
    )
