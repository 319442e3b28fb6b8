"""Numbers with their nouns."""

from __future__ import annotations


def many(n: int, thing: str, things: str | None = None, mark: str = "") -> str:
    """Return a number with its noun.

    Args:
        n: how many.
        thing: the noun for one.
        things: for others; with an s by default.
        mark: between thousands.

    Example:
        >>> many(1, "row"), many(2, "row"), many(0, "class", "classes"), many(1200, "row", mark=",")
        ('1 row', '2 rows', '0 classes', '1,200 rows')
    """
    return f"{n:{mark}} {thing if n == 1 else things or f'{thing}s'}"
