"""One HTML file that needs nothing else: its style and pictures are inside it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

_STYLE = """
:root { color-scheme: light dark; --ink: #22303c; --soft: #55646f; --line: #d5dde4; --deep: #1b4965; --paper: #fff;
  --wash: #f4f7f9; --fig-dark: #1b4965; --fig-light: #bcd4e6; --fig-edge: #33475b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaef; --soft: #a9b8c4; --line: #3a4650; --deep: #9fcdec;
  --paper: #14191e; --wash: #1d242b; --fig-dark: #8fc3e6; --fig-light: #3c5468; --fig-edge: #c3d0db; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; } @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink);
  background: var(--paper); }
main { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
p, li { max-width: 44rem; } p.soft, figcaption, caption { color: var(--soft); font-size: .9rem; }
p.lead { font-size: 1.12rem; } p.first { font-size: 1.03rem; font-weight: 500; }
code { font-size: .88em; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .35rem 1rem; font-size: .9rem; } nav a { color: var(--deep); }
a:focus-visible, .scroll:focus-visible, .picture:focus-visible { outline: 2px solid var(--deep); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: .75rem 0 1.25rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .3rem .9rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
thead th { font-weight: 600; min-width: 3rem; border-bottom: 2px solid var(--soft); vertical-align: bottom; }
tbody th { font-weight: 400; text-align: left; min-width: 8rem; max-width: 22rem; overflow-wrap: break-word; }
td { white-space: nowrap; }
td.text { text-align: left; white-space: normal; overflow-wrap: break-word; min-width: 9rem; max-width: 40rem; }
thead th.text { text-align: left; }
tr.mean, tr.mean th { font-weight: 600; }
figure { margin: 1.25rem 0; }
.picture { overflow-x: auto; }
.picture svg { width: 100%; min-width: 27rem; max-width: 46rem; height: auto; }
.picture.small svg { max-width: 27rem; min-width: 0; }
.cards { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.cards li { flex: 1 1 11rem; border: 1px solid var(--line); background: var(--wash); border-radius: .5rem;
  padding: .8rem 1rem; max-width: none; }
.cards b { display: block; font-size: 1.6rem; line-height: 1.2; color: var(--deep); }
.drawn { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; margin: 1rem 0;
  padding: 0; list-style: none; }
.drawn li { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; font-size: .88rem; }
.drawn svg { width: 100%; height: auto; background: #fff; border-radius: .35rem; } .drawn b { display: block; }
.drawn code { display: block; color: var(--soft); font-size: .78rem; margin-top: .3rem; }
@media print { main { max-width: none; } h2 { break-after: avoid; } figure, table { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: its heading.
        body: HTML, escaped already.
        name: of the part in addresses (`#name`); made from the title when empty.
    """

    title: str
    body: str
    name: str = ""

    @property
    def anchor(self) -> str:
        """Return its place in an address."""
        return self.name or "".join(c if c.isalnum() else "-" for c in self.title.lower()).strip("-")


def page(title: str, lead: str, cards: Sequence[tuple[str, str]], sections: Sequence[Section]) -> str:
    """Return the whole page.

    Args:
        title: heading and window title, plain text.
        lead: what the page says in a sentence or two, plain text.
        cards: figures that stand out: (number, what it is), plain text.
        sections: in order.
    """
    told = "".join(f"<li><b>{html.escape(number)}</b>{html.escape(what)}</li>" for number, what in cards)
    links = "".join(f'<a href="#{s.anchor}">{html.escape(s.title)}</a>' for s in sections if s.title)
    parts = "".join(section_html(section) for section in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{html.escape(title)}</h1><p class="lead">{html.escape(lead)}</p>'
        f'<ul class="cards">{told}</ul><nav aria-label="Sections">{links}</nav>{parts}</main></body></html>\n'
    )


def section_html(section: Section) -> str:
    """Return a part with its heading; one without a title is its body alone."""
    if not section.title:
        return section.body
    heading = f'<h2 id="{section.anchor}-title">{html.escape(section.title)}</h2>'
    return f'<section id="{section.anchor}" aria-labelledby="{section.anchor}-title">{heading}{section.body}</section>'


def paragraph(text: str, soft: bool = False, first: bool = False) -> str:
    """Return a paragraph of plain text; the first one of a part says what one sees."""
    kind = "soft" if soft else "first" if first else ""
    return f"<p{f' class={kind}' if kind else ''}>{html.escape(text)}</p>"


def heading(text: str) -> str:
    """Return a heading inside a part."""
    return f"<h3>{html.escape(text)}</h3>"


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
    styles = [' class="text"' if text or at in words else "" for at in range(len(header))]
    head = "".join(
        f'<th scope="col"{style}>{html.escape(name)}</th>' for style, name in zip(styles, header, strict=True)
    )
    body = "".join(
        f"<tr{' class=mean' if row[0].startswith('Mean ') else ''}>"
        f'<th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td{style}>{html.escape(cell)}</td>" for style, cell in zip(styles[1:], row[1:], strict=False))
        + "</tr>"
        for row in rows
    )
    named = html.escape(caption)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{named}"><table><caption>{named}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
