"""Folders of images, whatever their layout: `list_images`.

* a folder per class, or `train`, `val` and `test`, each with a folder per class;
* `train.csv`, `val.csv` and `test.csv` with `filename` and `label`, images in `images` or beside (mini-ImageNet:
  Vinyals et al., arXiv 1606.04080, with the split of Ravi and Larochelle, ICLR 2017);
* `annotations/instances_*.json` and folders of the same names (MS-COCO: Lin et al., arXiv 1405.0312);
* files of arrays (`weft.data.image_arrays`: tiered-ImageNet, Ren et al., arXiv 1803.00676; mini-ImageNet caches).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from weft.data.image_decode import EXTENSIONS
from weft.data.image_table import CLASS, IMAGE, PART, Listing, of_files
from weft.data.tables import read_table
from weft.errors import UserError
from weft.files import disk_errors

#: Names of a part of a split, as folders and files have them -> as weft has them.
PARTS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_MEND: Final = (
    "Give a folder with a folder of images per class, CSV files with filename and label, COCO's annotations, or arrays."
)


def layout(path: Path) -> str | None:
    """Return `arrays`, `coco`, `csv`, `parts` or `classes`: how a folder of images is laid out; None for another."""
    from weft.data.coco import annotation_files
    from weft.data.image_arrays import array_files

    if not path.is_dir():
        return None
    if annotation_files(path):
        return "coco"
    if array_files(path):
        return "arrays"
    if _split_files(path):
        return "csv"
    folders = _folders(path)
    if any(folder.name.lower() in PARTS and _has_images(folder) for folder in folders):
        return "parts"
    return "classes" if any(_has_images(folder) for folder in folders) or _has_images(path) else None


def list_images(path: Path) -> Listing:
    """Return what images a folder has and what is known of them.

    Raises:
        UserError: for a folder of another layout, or files in it that cannot be used.
    """
    found = layout(path)
    if found == "coco":
        from weft.data.coco import list_coco

        return list_coco(path)
    if found == "arrays":
        from weft.data.image_arrays import list_arrays

        return list_arrays(path)
    if found == "csv":
        return _of_csv(path)
    if found is None:
        raise UserError("this folder has no layout of images that is known", where=str(path), mend=_MEND)
    return _of_classes(path, parts=found == "parts")


def _of_classes(path: Path, parts: bool) -> Listing:
    rows: list[tuple[str, str | None, str | None]] = []
    tops = [folder for folder in _folders(path) if folder.name.lower() in PARTS] if parts else [path]
    for top in tops:
        part = PARTS[top.name.lower()] if parts else None
        for file in _images(top):
            inside = file.relative_to(top).parts
            rows.append((file.relative_to(path).as_posix(), inside[0] if len(inside) > 1 else None, part))
    schema = {IMAGE: pl.String, CLASS: pl.String, PART: pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    bare = frame[CLASS].null_count() == len(frame)
    frame = frame.drop([*([CLASS] if bare else []), *([] if parts else [PART])])
    told = "images without classes" if bare else "a folder per class" + (" in folders of parts" if parts else "")
    return of_files(path, frame, [path / name for name in frame[IMAGE]], told, {} if bare else {CLASS: "multiclass"})


def _of_csv(path: Path) -> Listing:
    frames: list[pl.DataFrame] = []
    for part, file in _split_files(path).items():
        frame = read_table(file).frame
        names = {name.strip().lower(): name for name in frame.columns}
        columns = [
            next((names[n] for n in wanted if n in names), None)
            for wanted in (("filename", "image"), ("label", "class"))
        ]
        if columns[0] is None or columns[1] is None:
            what = f"the columns are {', '.join(frame.columns)}, expected filename and label"
            raise UserError(what, where=str(file), mend="Rename them.")
        chosen = frame.select(pl.col(columns[0]).alias(IMAGE), pl.col(columns[1]).alias(CLASS))
        frames.append(chosen.with_columns(pl.lit(part).alias(PART)))
    frame = pl.concat(frames)
    files = [
        _place(path, name or "no-name", label or "") for name, label in zip(frame[IMAGE], frame[CLASS], strict=True)
    ]
    return of_files(path, frame, files, "images named in train.csv, val.csv and test.csv", {CLASS: "multiclass"})


def _place(path: Path, name: str, label: str) -> Path:
    """Return where a named image is: in `images`, in a folder of its class, or beside the CSV; the first if nowhere."""
    name, label = name.replace("\0", "\ufffd"), label.replace("\0", "\ufffd")  # no path holds it
    places = [path / "images" / name, path / label / name, path / name, path / "images" / label / name]
    return next((place for place in places if _there(place)), places[0])


def _there(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError:  # a name that no file can have
        return False


def _split_files(path: Path) -> dict[str, Path]:
    """Return part -> CSV file, in the order train, val, test."""
    found = {PARTS[word]: path / f"{word}.csv" for word in PARTS if (path / f"{word}.csv").is_file()}
    return {part: found[part] for part in ("train", "val", "test") if part in found}


def _folders(path: Path) -> list[Path]:
    with disk_errors(path):
        return sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))


def _images(path: Path) -> Iterator[Path]:
    """Yield the images below a folder, sorted; hidden files aside."""
    with disk_errors(path):
        found = sorted(item for item in path.rglob("*") if item.suffix.lower() in EXTENSIONS)
    yield from (item for item in found if not any(part.startswith(".") for part in item.relative_to(path).parts))


def _has_images(path: Path) -> bool:
    return next((True for item in path.rglob("*") if item.suffix.lower() in EXTENSIONS), False)
