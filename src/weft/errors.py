"""The errors a person may meet, each saying what is wrong, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WeftError(Exception):
    """Base of every error that weft raises on purpose."""


class UserError(WeftError, ValueError):
    """Something outside weft (a file, an option, a value) is not as it must be.

    The command line prints it without a traceback and exits with code 2.

    Args:
        what: what is wrong, in one clause, with what was got and what was expected.
        where: the place: file, row, column or option.
        mend: the next step that puts it right.

    Example:
        >>> str(UserError("label 2 is not 0 or 1", where="a.csv, row 7, column tox", mend="Use 0 or 1."))
        'a.csv, row 7, column tox: label 2 is not 0 or 1. Use 0 or 1.'
    """

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        self.what, self.where, self.mend = what, where, mend
        text = what if where is None else f"{where}: {what}"
        super().__init__(text if mend is None else f"{text.rstrip('.')}. {mend}")


class MissingExtraError(WeftError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed. Run: pip install 'weft[{extra}]'")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint for a misspelt `name`: the nearest known names, or all of them when few."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"Known: {shown}."
