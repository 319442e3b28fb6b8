"""The images, texts or rows that a model was most wrong about, as they are."""

from __future__ import annotations

import html
from collections.abc import Sequence

from weft.data.images import Images
from weft.report.facts import Facts
from weft.report.page import heading, paragraph
from weft.report.thumbnails import picture
from weft.report.worst import Miss

_LONGEST = 300


def shown_section(facts: Facts, misses: Sequence[Miss]) -> str:
    """Return the data predicted worst: an image as a picture, a text as its words, a row by its number."""
    if facts.answers is None or not misses:
        return ""
    items = ""
    for miss in misses:
        row = int(facts.answers.rows[miss.at])
        name = facts.row_names[row]
        drawn = picture(facts.data, row, f"Image {name}") if isinstance(facts.data, Images) else ""
        told = f"<b>{html.escape(miss.task.name)}</b>{html.escape(miss.words())}."
        items += f"<li>{drawn}{told}<code>{html.escape(_short(name))}</code></li>"
    one = f"{'an' if facts.thing[0] in 'aeiou' else 'a'} {facts.thing}"
    text = (
        f"The test labels that the model was most wrong about with nothing shown: at most one of {one} and "
        "three of a task. Look for wrong labels first, then for what the training part lacks."
    )
    return heading(f"The worst predicted {facts.things}") + paragraph(text) + f'<ul class="drawn">{items}</ul>'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
