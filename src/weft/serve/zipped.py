"""Images uploaded in a ZIP file, with a table of what is known of them if it holds one; none is unpacked to disk."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl

from weft.data.image_decode import EXTENSIONS, Form, decode
from weft.data.image_pack import key_of
from weft.data.image_table import IMAGE
from weft.data.images import Images
from weft.data.pixels import Pixels
from weft.data.tables import Table
from weft.errors import UserError, nearest
from weft.files import damaged
from weft.jobs.subject_read import FILES, Found, named
from weft.jobs.subjects import Subject
from weft.serve.known import short
from weft.serve.limits import MEGABYTE, Limits
from weft.serve.others import MOST_PIXELS
from weft.serve.upload import ELSE, UNPACKED, read_limited
from weft.serve.worker import SlowError

Entries = Mapping[str, zipfile.ZipInfo]
#: Ways of packing whose memory does not depend on what a file claims.
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_zipped(path: Path, subject: Subject, limits: Limits, until: float, column: str | None = None) -> Found:
    """Return the images of a ZIP file, a row each: of its one table where it has one, else of every image, by name.

    Args:
        path: the file, alone in its folder.
        subject: what the model reads.
        limits: of the server.
        until: when reading is given up (`time.monotonic`).
        column: of its table, with the names of the images; found by default.

    Raises:
        UserError: for no ZIP file, one that holds too much or no image, or a table that cannot be read.
        SlowError: when reading takes too long.
    """
    form = subject.form
    if form is None:
        raise UserError("the model's run card does not tell the form of its images", mend="Fit again.")
    with ExitStack() as stack:
        with damaged(path, "the ZIP file is broken or cut short", "Pack it again."):
            held = stack.enter_context(zipfile.ZipFile(path))
            entries = _entries(held, path, limits)
            table, at, names = _rows(held, entries, path, limits, column)
        _check_room(len(names), form, path, limits)
        data = _images(held, [entries.get(name) for name in names], form, until)
    return Found(table, replace(subject, column=at), data, "images in a ZIP file", columns=[at])


def _entries(held: zipfile.ZipFile, path: Path, limits: Limits) -> Entries:
    """Return name -> entry of what is no folder and not hidden.

    Raises:
        UserError: when it unpacks to too much, is encrypted, or packed in an unusual way.
    """
    found = {
        entry.filename: entry
        for entry in held.infolist()
        if not entry.is_dir() and not any(part.startswith((".", "__MACOSX")) for part in _parts(entry.filename))
    }
    most = limits.body_bytes * UNPACKED
    if sum(entry.file_size for entry in found.values()) > most:
        what = f"the ZIP file unpacks to more than {most / MEGABYTE:g} MB"
        raise UserError(what, where=str(path), mend=f"Send it in parts, {ELSE}")
    if any(entry.flag_bits & 1 for entry in found.values()):
        raise UserError("the ZIP file is encrypted", where=str(path), mend="Pack it without a password.")
    if any(entry.compress_type not in _PACKED for entry in found.values()):
        raise UserError("the ZIP file is packed in a way that is not read", where=str(path), mend="Use plain deflate.")
    return found


def _rows(
    held: zipfile.ZipFile, entries: Entries, path: Path, limits: Limits, given: str | None
) -> tuple[Table, str, Sequence[str]]:
    """Return the rows, the column that names their images, and the entry of each."""
    tables = [name for name in entries if _suffix(name) in (".csv", ".tsv")]
    if len(tables) > 1:
        what = f"there are {len(tables)} tables in the ZIP file: {', '.join(short(name) for name in tables[:5])}"
        raise UserError(what, where=str(path), mend="Leave one, with a column of the images' names.")
    if not tables:
        names = sorted(name for name in entries if _suffix(name) in EXTENSIONS)
        if not names:
            raise UserError("there is no image in the ZIP file", where=str(path), mend="Pack PNG or JPEG files.")
        return Table(path, pl.DataFrame({IMAGE: names})), IMAGE, names
    table = _table(held, entries[tables[0]], path, limits)
    column = named(table.frame, FILES) if given is None else given
    if column is None or column not in table.frame.columns:
        told = "of names of image files" if given is None else short(given)
        what = f"the table {short(tables[0])} has no column {told}"
        mend = f"Name it with --column. {nearest(given or IMAGE, table.frame.columns)}"
        raise UserError(what, where=str(path), mend=mend)
    beside = PurePosixPath(tables[0]).parent
    cells = table.frame[column].cast(pl.String).to_list()
    return table, column, [str(beside / cell) if cell else "" for cell in cells]


def _table(held: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, limits: Limits) -> Table:
    """Read the table of the ZIP file; errors name it by its own name."""
    beside = path.with_name(f"inside{_suffix(entry.filename)}")
    beside.write_bytes(held.read(entry))
    try:
        return read_limited(beside, limits)
    except UserError as error:
        where = (error.where or "").replace(str(beside), f"{path}: {short(entry.filename)}")
        raise UserError(error.what, where=where, mend=error.mend) from error


def _check_room(n: int, form: Form, path: Path, limits: Limits) -> None:
    most = limits.body_bytes * UNPACKED // int(np.prod(form.shape))
    if n > min(most, limits.table_rows):
        what = f"{n} images of {form.height} x {form.width} pixels, {min(most, limits.table_rows)} are taken at once"
        raise UserError(what, where=str(path), mend=f"Send them in parts, {ELSE}")


def _images(held: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo | None], form: Form, until: float) -> Images:
    pixels, status, keys = np.zeros((len(entries), *form.shape), np.uint8), list[str](), list[str]()
    for at, entry in enumerate(entries):
        if time.monotonic() > until:
            raise SlowError(f"{at} of {len(entries)} images were read in time")
        data, told = _bytes(held, entry)
        if told == "ok":
            pixels[at], told, _ = decode(data, form, MOST_PIXELS)
        status.append(told)
        keys.append(key_of(data))
    return Images(Pixels(pixels), status, keys)


def _bytes(held: zipfile.ZipFile, entry: zipfile.ZipInfo | None) -> tuple[bytes, str]:
    """Return a file's bytes, and `ok` or why there are none."""
    if entry is None:
        return b"", "the file is not in the ZIP file"
    try:
        return held.read(entry), "ok"
    except Exception:  # of a damaged entry zipfile raises nearly anything: the reason for this row
        return b"", "the file is damaged in the ZIP file"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _parts(name: str) -> Sequence[str]:
    return PurePosixPath(name).parts
