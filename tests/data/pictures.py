"""Small folders of images in the layouts that data sets are published in, made from a seed."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("cat", "dog", "owl")


def picture(kind: int, seed: int, side: int = 32) -> np.ndarray:
    """Return an image whose colour and stripes tell its kind, uint8 `[side, side, 3]`."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 60, (side, side, 3))
    x[..., kind % 3] += 120
    return np.where((np.arange(side) // (2 + kind) % 2)[:, None, None] > 0, x, x // 2).astype(np.uint8)


def encoded(kind: int, seed: int, side: int = 32, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture(kind, seed, side)).save(file, form)
    return file.getvalue()


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def class_folders(path: Path, each: int = 12, classes=CLASSES, side: int = 32) -> Path:
    """`cat/0.png`, ..."""
    for kind, name in enumerate(classes):
        for n in range(each):
            write(path / name / f"{n}.png", encoded(kind, 100 * kind + n, side))
    return path


def part_folders(path: Path, each: int = 6) -> Path:
    """`train/cat/0.png`, `val/...`, `test/...`: the same classes in every part."""
    for at, part in enumerate(("train", "val", "test")):
        for kind, name in enumerate(CLASSES):
            for n in range(each):
                write(path / part / name / f"{n}.jpg", encoded(kind, 1000 * at + 100 * kind + n, form="JPEG"))
    return path


#: Classes of each part of a split of few-shot learning.
PARTS = (4, 2, 2)


def disjoint_folders(path: Path, each: int = 8, parts: Sequence[int] = PARTS) -> Path:
    """`train/n00000000/n0000000000000000.jpg`, `val/...`, `test/...`: other classes in every part."""
    for part, kinds, seeds in _part_arrays(each, parts):
        for kind, seed in zip(kinds, seeds, strict=True):
            write(path / part / f"n{kind:08d}" / f"n{kind:08d}{seed:08d}.jpg", encoded(kind, seed, form="JPEG"))
    return path


def mini_imagenet(path: Path, each: int = 8, parts: Sequence[int] = PARTS) -> Path:
    """`train.csv`, `val.csv`, `test.csv` of filename and label, all images in `images`; other classes per part."""
    kind = 0
    for part, n_classes in zip(("train", "val", "test"), parts, strict=True):
        lines = ["filename,label"]
        for _ in range(n_classes):
            label = f"n{kind:08d}"
            for n in range(each):
                name = f"{label}{n:08d}.jpg"
                write(path / "images" / name, encoded(kind, 100 * kind + n, form="JPEG"))
                lines.append(f"{name},{label}")
            kind += 1
        (path / f"{part}.csv").write_text("\n".join(lines) + "\n")
    return path


def _part_arrays(each: int, parts: Sequence[int]):
    kind = 0
    for part, n_classes in zip(("train", "val", "test"), parts, strict=True):
        kinds = [kind + k for k in range(n_classes) for _ in range(each)]
        kind += n_classes
        yield part, kinds, [100 * k + n for n, k in enumerate(kinds)]


def tiered_imagenet(path: Path, each: int = 8, png: bool = False, parts: Sequence[int] = PARTS) -> Path:
    """`{part}_images.npz` or `{part}_images_png.pkl` beside `{part}_labels.pkl`."""
    path.mkdir(parents=True, exist_ok=True)
    for part, kinds, seeds in _part_arrays(each, parts):
        if png:
            files = [np.frombuffer(encoded(k, s), np.uint8) for k, s in zip(kinds, seeds, strict=True)]
            (path / f"{part}_images_png.pkl").write_bytes(pickle.dumps(files))
        else:
            np.savez(
                path / f"{part}_images.npz", images=np.stack([picture(k, s) for k, s in zip(kinds, seeds, strict=True)])
            )
        names = sorted(set(kinds))
        told = {
            "label_specific": np.array([names.index(k) for k in kinds]),
            "label_specific_str": [f"n{k:08d}" for k in names],
            "label_general": np.zeros(len(kinds), int),
            "label_general_str": ["thing"],
        }
        (path / f"{part}_labels.pkl").write_bytes(pickle.dumps(told, protocol=2))
    return path


def mini_cache(path: Path, each: int = 8, parts: Sequence[int] = PARTS) -> Path:
    """`mini-imagenet-cache-{part}.pkl`: `image_data` and `class_dict`."""
    path.mkdir(parents=True, exist_ok=True)
    for part, kinds, seeds in _part_arrays(each, parts):
        data = np.stack([picture(k, s) for k, s in zip(kinds, seeds, strict=True)])
        rows = {f"n{k:08d}": [at for at, other in enumerate(kinds) if other == k] for k in sorted(set(kinds))}
        whole = {"image_data": data, "class_dict": rows}
        (path / f"mini-imagenet-cache-{part}.pkl").write_bytes(pickle.dumps(whole, protocol=2))
    return path


def mini_phases(path: Path, each: int = 8, parts: Sequence[int] = PARTS) -> Path:
    """`miniImageNet_category_split_*.pickle`: `data` and `labels`."""
    path.mkdir(parents=True, exist_ok=True)
    for part, kinds, seeds in _part_arrays(each, parts):
        whole = {"data": np.stack([picture(k, s) for k, s in zip(kinds, seeds, strict=True)]), "labels": kinds}
        names = [f"train_phase_{p}" for p in ("train", "val", "test")] if part == "train" else [part]
        for name in names:
            (path / f"miniImageNet_category_split_{name}.pickle").write_bytes(pickle.dumps(whole))
    return path


def coco(path: Path, each: int = 16) -> Path:
    """`annotations/instances_*.json`, `captions_*.json` and two folders of images, of 3 categories."""
    categories = [{"id": 10 * k + 1, "name": name, "supercategory": "animal"} for k, name in enumerate(CLASSES)]
    for at, name in enumerate(("train2017", "val2017")):
        images, objects, captions = [], [], []
        for n in range(each):
            image = 1000 * at + n
            file = f"{image:012d}.jpg"
            kinds = [k for k in range(3) if n >> k & 1]
            write(path / name / file, encoded(kinds[0] if kinds else 0, image, form="JPEG"))
            images.append({"id": image, "file_name": file, "width": 32, "height": 32})
            for k in kinds:
                for _ in range(1 + n % 2):  # two objects of a category are still one label
                    objects.append(
                        {"id": len(objects), "image_id": image, "category_id": 10 * k + 1, "bbox": [0, 0, 1, 1]}
                    )
            words = " and ".join(f"a {CLASSES[k]}" for k in kinds) or "nothing at all"
            captions += [{"id": n, "image_id": image, "caption": f"There is {words}."}]
            captions += [{"id": n + each, "image_id": image, "caption": f"{words}\n"}]
        folder = path / "annotations"
        folder.mkdir(parents=True, exist_ok=True)
        whole = {"images": images, "annotations": objects, "categories": categories}
        (folder / f"instances_{name}.json").write_text(json.dumps(whole))
        (folder / f"captions_{name}.json").write_text(json.dumps({"images": images, "annotations": captions}))
    return path
