"""One HTML file that needs nothing else: its style and pictures are inside it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

_STYLE = """
:root { color-scheme: light; --ink: #22303c; --soft: #5a6b7b; --line: #d5dde4; --deep: #1b4965; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink);
  background: #fff; }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
p { max-width: 42rem; } p.soft, figcaption, caption { color: var(--soft); font-size: .9rem; }
p.lead { font-size: 1.12rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .9rem; } nav a { color: var(--deep); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .3rem .7rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
thead th { font-weight: 600; border-bottom: 2px solid var(--soft); }
tbody th { font-weight: 400; text-align: left; min-width: 8rem; max-width: 22rem; overflow-wrap: anywhere; }
td { white-space: nowrap; }
td.text { text-align: left; white-space: normal; overflow-wrap: anywhere; } tr.mean { font-weight: 600; }
figure { margin: 1.25rem 0; }
.picture { overflow-x: auto; }
.picture svg { width: 100%; min-width: 27rem; max-width: 46rem; height: auto; }
#calibration svg { max-width: 27rem; min-width: 0; }
.cards { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.cards li { flex: 1 1 9rem; border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
.cards b { display: block; font-size: 1.6rem; line-height: 1.2; color: var(--deep); }
@media print { main { max-width: none; } h2 { break-after: avoid; } figure, table { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        body: HTML, escaped already.
    """

    title: str
    body: str


def page(title: str, lead: str, cards: Sequence[tuple[str, str]], sections: Sequence[Section]) -> str:
    """Return the whole page.

    Args:
        title: heading and window title, plain text.
        lead: what the page says in a sentence or two, plain text.
        cards: figures that stand out: (number, what it is), plain text.
        sections: in order.
    """
    told = "".join(f"<li><b>{html.escape(number)}</b>{html.escape(what)}</li>" for number, what in cards)
    links = "".join(f'<a href="#s{k}">{html.escape(s.title)}</a>' for k, s in enumerate(sections))
    parts = "".join(
        f'<section id="s{k}"><h2>{html.escape(s.title)}</h2>{s.body}</section>' for k, s in enumerate(sections)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{html.escape(title)}</h1><p class="lead">{html.escape(lead)}</p>'
        f'<ul class="cards">{told}</ul><nav aria-label="Sections">{links}</nav>{parts}</main></body></html>\n'
    )


def paragraph(text: str, soft: bool = False) -> str:
    """Return a paragraph of plain text."""
    return f"<p{' class=soft' if soft else ''}>{html.escape(text)}</p>"


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], text: bool = False, words: Sequence[int] = ()
) -> str:
    """Return a table whose first column names the rows.

    Args:
        caption: what it shows.
        header: names of the columns.
        rows: cells as plain text; a first cell that begins with `Mean` marks a row of means.
        text: whether the cells are words rather than numbers.
        words: columns that hold words when the others hold numbers.
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    styles = [' class="text"' if text or at in words else "" for at in range(len(header))]
    body = "".join(
        f"<tr{' class=mean' if row[0].startswith('Mean ') else ''}>"
        f'<th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td{style}>{html.escape(cell)}</td>" for style, cell in zip(styles[1:], row[1:], strict=False))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
