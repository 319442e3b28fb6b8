"""Small right files of every format, from which wrong ones are made."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import polars as pl

from tests import tiny, toy
from tests.data import pictures
from tests.jobs.conftest import write_table
from tests.serve.models import zipped
from weft.data.tables import write_table as write
from weft.predictor import REGISTRY

SDF = """ethanol
  weft

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
    1.5000    0.0000    0.0000 C   0  0
    2.2000    1.2000    0.0000 O   0  0
  1  2  1  0
  2  3  1  0
M  END
> <tox>
1

> <size>
2.5

$$$$
"""
ARFF = """% five rows
@relation 'x: -C 2'
@attribute y1 {0,1}
@attribute y2 {0,1}
@attribute x1 numeric
@attribute 'x 2' real
@data
0,1,0.5,1
1,0,1.5,2
1,1,?,3
{0 1, 2 4.5}
0,0,-1e3,4
"""


def make(root: Path) -> dict[str, Path]:
    """Write all seeds below `root`; return name -> file or folder."""
    REGISTRY[tiny.NAME] = "tests.tiny:Tiny"
    root.mkdir(parents=True, exist_ok=True)
    return {**_tables(root), **_vectors(root), **_texts(root), **_images(root), **_graphs(root), **_models(root)}


def _tables(root: Path) -> dict[str, Path]:
    frame = pl.read_csv(write_table(root / "assays.csv")).drop("part")
    found = {"csv": root / "assays.csv"}
    for ending in ("tsv", "csv.gz", "parquet"):
        write(frame, found.setdefault(ending, root / f"assays.{ending}"))
    found["smi"] = root / "m.smi"
    found["smi"].write_text("# molecules\nCCO ethanol\nCCN\tamine\nc1ccccc1O phenol\n")
    found["sdf"] = root / "m.sdf"
    found["sdf"].write_text(SDF + SDF.replace("ethanol", "again"))
    found["split"] = root / "split.parquet"
    pl.DataFrame({"row": range(12), "part": ["train"] * 6 + ["val"] * 3 + ["test"] * 3}).write_parquet(found["split"])
    return found


def _vectors(root: Path) -> dict[str, Path]:
    x, y = np.arange(24.0).reshape(6, 4), (np.arange(12) % 2).reshape(6, 2)
    (root / "v.arff").write_text(ARFF)
    np.save(root / "v.npy", x)
    np.savez(root / "v.npz", features=x, labels=y, names=np.array(["a", "b"]))
    lines = [f"{a},{b},{k % 2}" for k, (a, b) in enumerate(x[:, :2])]
    (root / "v.csv").write_text("x1,x2,y\n" + "\n".join(lines) + "\n")
    return {
        name: root / f"v.{name.partition(' ')[2]}"
        for name in ("vectors arff", "vectors npy", "vectors npz", "vectors csv")
    }


def _texts(root: Path) -> dict[str, Path]:
    rows = "\n".join(f'"A sentence, number {k}, with some words.",{k % 2}' for k in range(6))
    (root / "t.csv").write_text(f"text,kind\n{rows}\n")
    return {"texts": root / "t.csv"}


def _images(root: Path) -> dict[str, Path]:
    found = {
        "class folders": pictures.class_folders(root / "classes", 2, side=8),
        "image lists": pictures.mini_imagenet(root / "lists", 1, (1, 1, 1)),
        "coco": pictures.coco(root / "coco", 3),
        "image arrays": pictures.tiered_imagenet(root / "arrays", 1, parts=(1, 1, 1)),
        "image pickles": pictures.mini_cache(root / "pickles", 1, (1, 1, 1)),
    }
    for at, form in enumerate(("GIF", "BMP", "WEBP", "TIFF", "JPEG", "PNG")):
        pictures.write(root / "forms" / "ab"[at % 2] / f"1.{form.lower()}", pictures.encoded(0, 1, 8, form))
    packed = {f"{k}.png": pictures.encoded(0, k, 8) for k in range(3)} | {"list.csv": b"image,a\n0.png,1\n1.png,\n"}
    pictures.write(root / "photos.zip", zipped(packed))
    return {**found, "image forms": root / "forms", "upload zip": root / "photos.zip"}


def _graphs(root: Path) -> dict[str, Path]:
    return {f"graph {layout}": toy.write_toy(root / f"graph-{layout}", layout) for layout in ("tables", "npz", "hgb")}


def _models(root: Path) -> dict[str, Path]:
    """Models are the folders that the compatibility test keeps; a pretraining and a pickle are made here."""
    import torch

    from tests.encoders.grover.released_layout import checkpoint
    from weft.encoders.grover.config import GroverConfig
    from weft.encoders.grover.transformer import GTransformer
    from weft.encoders.grover.weights import save_weights

    torch.manual_seed(0)
    torch.save(checkpoint(hidden=4, heads=2, depth=2), root / "grover.pt")
    save_weights(root / "grover", GTransformer(GroverConfig(hidden=4, heads=2, blocks=1, depth=2)))
    held = {"image_data": np.zeros((2, 2, 2), np.uint8), "class_dict": {"a": [0, 1]}, "names": ["x", None, 1.5]}
    (root / "p.pkl").write_bytes(pickle.dumps(held, protocol=2))
    kept = Path(__file__).parents[1] / "models"
    models = {f"model {path.name}": path for path in sorted(kept.glob("*/*")) if (path / "model.json").exists()}
    return {"grover released": root / "grover.pt", "grover own": root / "grover", "pickle": root / "p.pkl", **models}


#: Right requests: method, path, body.
REQUESTS = (
    ("POST", "/api/predict", {"items": [{"smiles": "CCO", "known": {"a": 1, "colour": "red"}}], "coverage": 0.9}),
    ("POST", "/api/what-if", {"smiles": "CCO", "known": {"a": 1}, "changes": {"b": 0, "a": None}}),
    ("POST", "/api/explain", {"smiles": "CCO", "known": {"a": 1, "b": 0}, "task": "b"}),
    ("POST", "/api/measure-next", {"smiles": "CCO", "known": {"a": 1}, "targets": ["b"], "count": 2}),
    ("POST", "/api/add-task", {"name": "n", "kind": "binary", "items": [{"smiles": "CCO", "label": 1}]}),
    ("GET", "/api/draw?smiles=CCO&width=100&height=80", None),
    ("POST", "/api/table?mode=fill&prefix=x_", "smiles,a\nCCO,1\nCCN,\n"),
)


def request_bytes() -> list[tuple[str, str, bytes]]:
    """Return the requests with their bodies as sent."""
    return [(method, path, _body(body)) for method, path, body in REQUESTS]


def _body(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
