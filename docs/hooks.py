"""What the site changes in a page: links that lead out of docs/ become the path itself, as there is nothing to open.

The same pages are read in the repository, where `../benchmarks` and `results` are folders.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)*[\w./-]+)\)")


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Return the page with every link to what the site does not hold replaced by words and path."""
    folder = posixpath.dirname(page.file.src_uri)

    def mended(link: re.Match[str]) -> str:
        words, target = link.groups()
        path = posixpath.normpath(posixpath.join("docs", folder, target))
        inside = path.startswith("docs/") and files.get_file_from_path(path.removeprefix("docs/")) is not None
        # A page that is missing must stay an error: only folders and files of the repository are meant here.
        if inside or path.endswith(".md"):
            return link[0]
        return f"{words} (`{path}`)"

    return _LINK.sub(mended, markdown)
