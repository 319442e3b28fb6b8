"""MS-COCO's layout: categories of the objects in an image as labels, captions as text (Lin et al., arXiv 1405.0312).

annotations/instances_train2017.json   images, annotations (image_id, category_id), categories (id, name)
annotations/captions_train2017.json    images, annotations (image_id, caption)
train2017/000000000009.jpg
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import polars as pl

from weft.data.image_table import IMAGE, PART, Listing, of_files
from weft.errors import UserError
from weft.files import read_json

#: The column of an image's captions, one after the other.
CAPTION: Final = "caption"
_NAME: Final = re.compile(r"^(instances|captions)_((train|val|test)\w*)\.json$")
_MEND: Final = "Fetch the annotations again."


def annotation_files(path: Path) -> dict[str, dict[str, Path]]:
    """Return set (such as `train2017`) -> `instances` or `captions` -> file, of the folder `annotations` in `path`."""
    found: dict[str, dict[str, Path]] = {}
    folder = path / "annotations"
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if told := _NAME.match(file.name):
            found.setdefault(told[2], {})[told[1]] = file
    return found


def list_coco(path: Path) -> Listing:
    """Return the images of a folder in COCO's layout, with a binary column per category and their captions.

    Every image is labelled with every category: 1 when an object of it is there, else 0. Categories have their names.
    An image that only captions are given of has no label.

    Raises:
        UserError: for annotations that are damaged or point nowhere.
    """
    frame = pl.concat([_one_set(*found) for found in annotation_files(path).items()], how="diagonal")
    labels = [name for name in frame.columns if name not in (IMAGE, PART, CAPTION)]
    frame = frame.select([IMAGE, *([CAPTION] if CAPTION in frame.columns else []), *labels, PART])
    if frame[PART].n_unique() < 2:
        frame = frame.drop(PART)
    images = [path / file for file in frame[IMAGE]]
    return of_files(path, frame, images, "COCO annotations", dict.fromkeys(labels, "binary"))


def _one_set(name: str, files: dict[str, Path]) -> pl.DataFrame:
    """Return the images of one set."""
    rows: dict[int, str] = {}
    columns: dict[str, dict[int, Any]] = {}
    for kind, file in files.items():
        found = read_json(file)
        try:
            for image in _list(found, "images"):
                rows.setdefault(int(image["id"]), f"{name}/{image['file_name']}")
            columns |= _categories(found, rows) if kind == "instances" else {CAPTION: _captions(found, rows)}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            what = f"this is not COCO's form: {type(error).__name__} {error}"
            raise UserError(what, where=str(file), mend=_MEND) from error
    told = [{IMAGE: rows[at], **{column: cells.get(at) for column, cells in columns.items()}} for at in rows]
    schema = {IMAGE: pl.String, **{c: pl.String if c == CAPTION else pl.Int8 for c in columns}}
    part = _NAME.match(f"instances_{name}.json")
    return pl.DataFrame(told, schema=schema).with_columns(pl.lit(part[3] if part else "train").alias(PART))


def _list(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = found[name]
    if not isinstance(value, list):
        raise TypeError(f"{name!r} is no list")
    return value


def _categories(found: dict[str, Any], rows: dict[int, str]) -> dict[str, dict[int, int]]:
    """Return category -> image -> 1 or 0, of the images of this file."""
    names = {int(item["id"]): str(item["name"]) for item in _list(found, "categories")}
    here = [int(image["id"]) for image in _list(found, "images")]
    columns = {name: dict.fromkeys(here, 0) for name in names.values()}
    for item in _list(found, "annotations"):
        image = int(item["image_id"])
        if image not in rows:
            raise ValueError(f"an annotation of image {image}, which is not listed")
        columns[names[int(item["category_id"])]][image] = 1
    return columns


def _captions(found: dict[str, Any], rows: dict[int, str]) -> dict[int, str]:
    texts: dict[int, str] = {}
    for item in _list(found, "annotations"):
        image = int(item["image_id"])
        if image not in rows:
            raise ValueError(f"a caption of image {image}, which is not listed")
        text = " ".join(str(item["caption"]).split())
        texts[image] = f"{texts[image]} {text}" if image in texts else text
    return texts
