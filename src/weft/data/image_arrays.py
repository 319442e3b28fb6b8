"""Images in files of arrays: `.npz`, `.npy`, and the pickles that few-shot sets are passed on as, read without code.

Of one part (`train`, `val` or `test` in the file's name) or of everything:

* `*.npz` with images (`images`, `image_data`, `data`, `x` or `images28`) and, if known, `labels`, `label` or `y`;
* `{part}_images.npz` or `{part}_images_png.pkl` (a list of PNG files as bytes) beside `{part}_labels.pkl` or `.npz`:
  tiered-ImageNet (Ren et al., arXiv 1803.00676);
* `mini-imagenet-cache-{part}.pkl`: `image_data` and `class_dict` (Ren et al.);
* `*_{part}.pickle` with `data` and `labels` (Lee et al., arXiv 1904.03758).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weft import arrays
from weft.data.cache import content_key
from weft.data.image_decode import Form, decode
from weft.data.image_pack import SIDE, Packed, Progress, key_of, pack
from weft.data.image_table import CLASS, IMAGE, PART, Listing, disjoint
from weft.data.images import Images
from weft.data.pixels import Pixels
from weft.data.tables import Table
from weft.errors import UserError
from weft.files import damaged

_ENDINGS: Final = (".npz", ".pkl", ".pickle")
_PART: Final = re.compile(r"(?:^|[_\-.])(train|val|test)(?=[_\-.]|$)")
_IMAGES: Final = ("images", "image_data", "data", "x", "images28")
_LABELS: Final = ("labels", "label", "y", "label_specific", "targets", "class")
_TIERED: Final = re.compile(r"^(?P<part>train|val|test)_images(_png)?\.(npz|pkl)$")
_CACHE: Final = re.compile(r"^mini-?imagenet-cache-(?P<part>train|val|test)\.pkl$", re.IGNORECASE)
_PHASE: Final = re.compile(r"(?P<part>train|val|test)\.pickle$")
#: The trained classes again, other images of them: MetaOptNet's files have them besides the split.
_AGAIN: Final = re.compile(r"phase_(val|test)\.pickle$")


def array_files(path: Path) -> list[Path]:
    """Return the files of arrays in a folder, one per part, in the order train, val, test."""
    if not path.is_dir():
        return []
    names = sorted(item for item in path.iterdir() if item.suffix.lower() in _ENDINGS and not _AGAIN.search(item.name))
    found = [file for file in names if any(form.search(file.name) for form in (_TIERED, _CACHE, _PHASE))]
    order = {"train": 0, "val": 1, "test": 2}
    return sorted(found, key=lambda file: order.get(part_of(file) or "", 3))


def part_of(file: Path) -> str | None:
    """Return the part that a file's name tells; the last word counts.

    Example:
        >>> part_of(Path("miniImageNet_category_split_train_phase_train.pickle")), part_of(Path("scene.npz"))
        ('train', None)
    """
    found = _PART.findall(file.name)
    return found[-1] if found else None


def list_arrays(path: Path) -> Listing:
    """Return the images of a file of arrays, or of a folder with one per part.

    Raises:
        UserError: for a file without images, images of several sizes in arrays, or a pickle that asks for code.
    """
    files = array_files(path) if path.is_dir() else [path]
    frames: list[pl.DataFrame] = []
    parts: list[Sequence[Any]] = []
    for file in files:
        with damaged(file, "its arrays do not fit together", "Give one image, and one label, per row."):
            images, frame = _one_file(file)
            names = [f"{file.name}[{at}]" for at in range(len(images))]
            frame = frame.insert_column(0, pl.Series(IMAGE, names, dtype=pl.String))
        part = part_of(file) if len(files) > 1 else None
        frames.append(frame if part is None else frame.with_columns(pl.lit(part).alias(PART)))
        parts.append(images)
    frame = pl.concat(frames, how="diagonal")
    kinds = {CLASS: "multiclass"} if CLASS in frame.columns else {}
    told = f"arrays in {', '.join(file.name for file in files)}"
    key = content_key(
        "arrays 1", (f"{file.absolute()} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files)
    )

    def make(form: Form, workers: int, progress: Progress) -> tuple[Images, list[str]]:  # noqa: ARG001 - of the interface
        named = content_key(f"{key} {form.shape}", [])
        return pack(named, len(frame), form, lambda: _all(parts, form), progress)

    return Listing(Table(path, frame), told, make, lambda side: _form(parts[0], side), kinds, disjoint(frame))


def _one_file(file: Path) -> tuple[Sequence[Any], pl.DataFrame]:
    """Return the images and a frame with their class, if it is told."""
    found = read_arrays(file)
    name = next((name for name in _IMAGES if name in found), None)
    images: Any = found[name] if name else next(iter(found.values())) if len(found) == 1 else None
    if images is None or not len(images):
        what = f"there are no images, only {', '.join(map(str, found))}"
        raise UserError(what, where=str(file), mend=f"Name the array {_IMAGES[0]!r}.")
    labels = _labels(found, file, len(images))
    named = {name: found[f"{name}_names"][found[name]] for name in found if f"{name}_names" in found}
    further = {name: [str(word) for word in words] for name, words in named.items() if words.shape == (len(images),)}
    return images, pl.DataFrame({**({} if labels is None else {CLASS: labels}), **further})


def read_arrays(file: Path) -> Mapping[str, Any]:
    """Return what a file of arrays holds, by name; nothing in it is run.

    Raises:
        UserError: for a file that is damaged, or holds Python objects.
    """
    if file.suffix.lower() in (".pkl", ".pickle"):
        from weft.data.safe_pickle import read_pickle

        found = read_pickle(file)
        return {str(key): value for key, value in found.items()} if isinstance(found, Mapping) else {"images": found}
    with damaged(file, "the arrays cannot be read", "Save plain arrays: np.savez(file, images=..., labels=...)."):
        found = arrays.read_arrays(file, mapped=True)
        return {"images": found} if isinstance(found, np.ndarray) else found


def _labels(found: Mapping[str, Any], file: Path, n: int) -> list[str | None] | None:
    """Return the classes in words; a file of labels may stand beside the one of images."""
    if isinstance(classes := found.get("class_dict"), Mapping):
        told: list[str | None] = [None] * n
        for name, rows in classes.items():
            for row in rows:
                told[int(row)] = str(name)
        return told
    beside = next((p for end in _ENDINGS if (p := _beside(file, end)) and p.is_file()), None)
    source = found if beside is None else read_arrays(beside)
    name = next((name for name in _LABELS if name in source), None)
    if name is None:
        return None
    labels = np.asarray(source[name]).reshape(-1)
    if len(labels) != n:
        raise UserError(f"{len(labels)} labels for {n} images", where=str(beside or file))
    words = source.get(f"{name}_str", source.get("label_names"))
    return [str(words[int(k)]) if words is not None else str(k) for k in labels.tolist()]


def _beside(file: Path, ending: str) -> Path | None:
    name = _TIERED.match(file.name)
    return None if name is None else file.with_name(f"{name['part']}_labels{ending}")


def _form(images: Sequence[Any], side: int | None) -> Form:
    """Return the arrays' own form; of PNG files, that of the first."""
    first: Any = images[0]
    if _encoded(first):
        from weft.data.image_decode import look

        seen = look(_raw(first))
        side = side or (min(seen[0], seen[1]) if seen else SIDE)
        return Form(side, side, 1 if seen and seen[2] else 3)
    shape = Pixels.of(np.asarray(images[:1])).shape
    if side is not None and (side, side) != (shape["height"], shape["width"]):
        what = f"the arrays are of {shape['width']} x {shape['height']} pixels, not of {side}"
        raise UserError(what, where="--size", mend="Leave it out: arrays are taken as they are.")
    return Form(shape["height"], shape["width"], shape["channels"])


def _encoded(item: Any) -> bool:
    """Whether an item is a file's bytes and no array of pixels."""
    return isinstance(item, bytes) or np.asarray(item).ndim == 1 or np.asarray(item).shape[1:] == (1,)


def _raw(item: Any) -> bytes:
    return item if isinstance(item, bytes) else np.asarray(item, np.uint8).tobytes()


def _all(parts: Sequence[Sequence[Any]], form: Form) -> Iterator[Packed]:
    for images in parts:
        for item in images:
            if _encoded(item):
                data = _raw(item)
                yield *decode(data, form), key_of(data)
            else:
                yield _plain(item, form)


def _plain(item: Any, form: Form) -> Packed:
    pixels: NDArray[np.uint8] = np.ascontiguousarray(Pixels.of(np.asarray(item)[None]).values[0])
    if pixels.shape != form.shape:
        return np.zeros(form.shape, np.uint8), f"the image has shape {pixels.shape}, others {form.shape}", "", ""
    return pixels, "ok", "", key_of(pixels.tobytes())
