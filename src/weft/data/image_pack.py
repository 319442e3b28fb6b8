"""Image files to the packed store: decoded by several threads, written as they come, kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from weft.data.cache import cache_folder, content_key
from weft.data.image_decode import Form, decode, look, pillow
from weft.data.images import Images
from weft.data.pixels import Pixels
from weft.errors import UserError
from weft.files import atomic, damaged, disk_errors

Progress = Callable[[int, int], None]
#: One image packed: pixels `[C, H, W]`, `ok` or the reason, what was converted, and its key.
Packed = tuple[NDArray[np.uint8], str, str, str]

#: The side of few-shot ImageNet, unless the images are smaller.
SIDE: Final = 84
_LEAST: Final = 16
_LOOKED: Final = 64
_BLOCK: Final = 256
_RECIPE: Final = "fit-bilinear-1"


def form_of(files: Sequence[Path], side: int | None = None) -> Form:
    """Choose size and channels from a look at some files.

    Images are squares of `side`; by default of 84 pixels, or of the middle one of their shorter sides where that is
    smaller (never under 16). They are grey when all that were looked at are.

    Args:
        files: the images; up to 64 of them, evenly spaced, are looked at.
        side: as asked for.
    """
    pillow()
    step = -(-len(files) // _LOOKED) or 1
    seen = [found for file in files[::step] if (found := look(_bytes(file))) is not None]
    short = sorted(min(width, height) for width, height, _ in seen)
    found = max(_LEAST, min(SIDE, short[len(short) // 2])) if short else SIDE
    return Form(side or found, side or found, 1 if seen and all(grey for *_, grey in seen) else 3)


def pack_files(
    files: Sequence[Path], form: Form, workers: int = 2, progress: Progress | None = None
) -> tuple[Images, list[str]]:
    """Return the images of some files, packed once and then found in the cache.

    Memory does not grow with their number. A file that cannot be read is a bad row with its reason.

    Args:
        files: the images, in the order of the rows.
        form: size and channels.
        workers: threads that decode; Pillow lets them run side by side.
        progress: called as `progress(images done, images in all)`.

    Returns:
        the images, known by the hash of their files' bytes, and per row what had to be converted, or ''.

    Raises:
        UserError: when the cache cannot be written to.
    """
    pillow()
    key = content_key(f"{_RECIPE} {form.shape}", (_stamp(file) for file in files))
    return pack(key, len(files), form, lambda: _decoded(files, form, workers), progress)


def pack(
    key: str, n: int, form: Form, images: Callable[[], Iterable[Packed]], progress: Progress | None = None
) -> tuple[Images, list[str]]:
    """Return `n` images from the cache, or write them there as `images` gives them.

    Args:
        key: hash of what they are made from, and how.
        n: how many.
        form: size and channels.
        images: gives them in order.
        progress: called as `progress(images done, images in all)`.

    Raises:
        UserError: when the cache cannot be written to.
    """
    folder = cache_folder() / "images"
    store, rows = folder / f"{key[:40]}.npy", folder / f"{key[:40]}.parquet"
    if not (rows.is_file() and store.is_file()):
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        _write(store, rows, n, form, images(), progress)
    return _read(store, rows, n)


def _write(store: Path, rows: Path, n: int, form: Form, images: Iterable[Packed], progress: Progress | None) -> None:
    import polars as pl

    told: list[tuple[str, str, str]] = []
    header = {"descr": "|u1", "fortran_order": False, "shape": (n, *form.shape)}
    with atomic(store) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for pixels, status, converted, key in images:
            file.write(pixels.data)
            told.append((status, converted, key))
            if progress is not None and (len(told) % _BLOCK == 0 or len(told) == n):
                progress(len(told), n)
    if len(told) != n:
        raise UserError(f"{len(told)} images came of {n}", mend="Are files being changed? Try again.")
    with atomic(rows) as temporary:
        schema = {"status": pl.String, "converted": pl.String, "key": pl.String}
        pl.DataFrame(told, schema=schema, orient="row").write_parquet(temporary)


def _read(store: Path, rows: Path, n: int) -> tuple[Images, list[str]]:
    import polars as pl

    with damaged(rows, "the packed store is damaged", "Delete it: it is made again."):
        frame = pl.read_parquet(rows)
    pixels = Pixels.open(store)
    if len(frame) != n or len(pixels) != n:
        raise UserError("the packed store is damaged", where=str(store), mend="Delete it: it is made again.")
    return Images(pixels, frame["status"].to_list(), frame["key"].to_list()), frame["converted"].to_list()


def _decoded(files: Sequence[Path], form: Form, workers: int) -> Iterator[Packed]:
    """Decode block by block, so that no more than a block of images is in memory."""
    if workers < 2:
        yield from (_one(file, form) for file in files)
        return
    with ThreadPoolExecutor(workers) as threads:
        for start in range(0, len(files), _BLOCK):
            yield from threads.map(lambda file: _one(file, form), files[start : start + _BLOCK])


def _one(file: Path, form: Form) -> Packed:
    try:
        data = file.read_bytes()
    except OSError as error:
        return np.zeros(form.shape, np.uint8), f"the file cannot be read ({error.strerror})", "", ""
    return *decode(data, form), key_of(data)


def key_of(data: bytes) -> str:
    """Return what an image is known by across tables: the hash of its file's bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _bytes(file: Path) -> bytes:
    """Return the start of a file, which tells its form; b'' for one that cannot be read."""
    try:
        with file.open("rb") as open_file:
            return open_file.read(1 << 18)
    except OSError:
        return b""


def _stamp(file: Path) -> str:
    """Return path, size and time of change: another content has another one."""
    try:
        stat = file.stat()
    except OSError:
        return f"{file.absolute()} missing"
    return f"{file.absolute()} {stat.st_size} {stat.st_mtime_ns}"
