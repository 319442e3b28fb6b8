"""Batches of images from weft's packed store, against a loader that opens a file per image.

    python benchmarks/images.py [OUT.json]

The same JPEG files, the same shuffled batches of 64, one thread, files in the page cache: the per-file way (Pillow,
`torch.utils.data.DataLoader`) decodes, scales and stacks; weft gathers bytes that it packed once. Two sizes of file:
84 x 84 pixels, as mini-ImageNet is often passed on, and 500 x 375, as ImageNet has them. Both end with floats of
3 x 84 x 84 pixels between 0 and 1. What packing costs is told as well. CPU seconds.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.utils.data import DataLoader, Dataset

from weft.data.base import Inputs
from weft.data.image_decode import Form
from weft.data.image_pack import pack_files
from weft.files import write_json

BATCH, SIDE, ROUNDS = 64, 84, 3
SIZES = {"84 x 84": (84, 84, 2000), "500 x 375": (500, 375, 600)}


def make(folder: Path, width: int, height: int, n: int) -> list[Path]:
    """Write `n` JPEG files with the detail of photographs: noise of every scale."""
    rng = np.random.default_rng(0)
    files: list[Path] = []
    for k in range(n):
        x = np.zeros((height, width, 3))
        for scale in (4, 16, 64):
            part = rng.uniform(0, 85, (-(-height // scale) + 1, -(-width // scale) + 1, 3)).astype(np.uint8)
            large = Image.fromarray(part).resize((width, height), Image.Resampling.BILINEAR)
            x += np.asarray(large)
        files.append(folder / f"{k}.jpg")
        Image.fromarray(x.astype(np.uint8)).save(files[-1], quality=90)
    return files


class Files(Dataset):
    """The usual dataset: one file per item."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, at: int) -> torch.Tensor:
        with Image.open(self.files[at]) as image:
            image.draft("RGB", (2 * SIDE, 2 * SIDE))
            fitted = ImageOps.fit(image.convert("RGB"), (SIDE, SIDE), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.asarray(fitted).transpose(2, 0, 1).copy()).float() / 255


def epoch_of_files(files: list[Path]) -> Callable[[], float]:
    """Return what goes through one epoch of the per-file loader."""
    loader = DataLoader(Files(files), BATCH, shuffle=True, generator=torch.Generator().manual_seed(0))
    return lambda: sum(float(batch[0, 0, 0, 0]) for batch in loader)


def epoch_of_store(inputs: Inputs, n: int) -> Callable[[], float]:
    """Return what goes through one epoch of the packed store."""

    def epoch() -> float:
        order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
        return sum(float((inputs.take(rows).images.float() / 255)[0, 0, 0, 0]) for rows in order.split(BATCH))

    return epoch


def seconds(work: Callable[[], float]) -> float:
    """Return the median CPU time of some rounds, after one that is not counted."""
    work()
    found: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return median(found)


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    told: dict[str, dict[str, float]] = {}
    for name, (width, height, n) in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            os.environ["WEFT_CACHE"] = f"{folder}/cache"
            files = make(Path(folder), width, height, n)
            begun = time.process_time()
            data, _ = pack_files(files, Form(SIDE, SIDE, 3), workers=1)
            packing = time.process_time() - begun
            by_file = seconds(epoch_of_files(files)) / n
            packed = seconds(epoch_of_store(Inputs.of(data, ["images"]), n)) / n
        row = {
            "images": n,
            "per_file_us": round(1e6 * by_file, 1),
            "packed_us": round(1e6 * packed, 1),
            "ratio": round(by_file / packed, 1),
            "packing_once_us": round(1e6 * packing / n, 1),
            "epochs_to_pay": round(packing / n / (by_file - packed), 2),
        }
        told[name] = row
        print(name, row)
    if len(sys.argv) > 1:
        machine = {"processor": platform.processor() or platform.machine(), "load": list(os.getloadavg())}
        write_json(sys.argv[1], {"batch": BATCH, "rounds": ROUNDS, "machine": machine, "sizes": told})


if __name__ == "__main__":
    main()
