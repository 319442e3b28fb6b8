"""Public sets of images, texts and vectors by name, found in a folder of the user or in the cache; none is fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weft.data.cache import cache_folder


@dataclass(frozen=True)
class SubjectEntry:
    """A set that is found by its name.

    Attributes:
        name: what a user types.
        title: what it is, in a line.
        kind: `images`, `text` or `vectors`.
        rows: number of data.
        n_tasks: number of tasks, or of classes of the one task of images in folders.
        address: where its makers offer it.
        how: what to fetch there, and how it lies in the folder.
        licence: of the data.
        citation: what to cite.
        places: names that its file or folder may have, beside `WEFT_DATA` or in its folders `vision` and `multilabel`.
        checksums: of a file: checksum -> what is known of this copy. Empty where the makers publish none.
    """

    name: str
    title: str
    kind: str
    rows: int
    n_tasks: int
    address: str
    how: str
    licence: str
    citation: str
    places: tuple[str, ...]
    checksums: Mapping[str, str] = field(default_factory=dict[str, str])


_MULAN = "https://mulan.sourceforge.net/datasets-mlc.html"
_UNSTATED = "not stated by its makers"
_IMAGENET = "images under ImageNet's terms of access: research only, not to be passed on"
_NPZ = "an .npz of features, labels, their names and the published split, made of Mulan's ARFF files"

#: Every set of images, texts or vectors known by name.
SUBJECTS = (
    SubjectEntry(
        "omniglot",
        "handwritten characters of 8 alphabets, 20 drawings each (the two small background sets merged)",
        "images",
        4840,
        242,
        "https://github.com/brendenlake/omniglot",
        "an .npz of images28 and label, made of python/images_background_small1.zip and ..._small2.zip",
        "MIT",
        "Lake et al., Science 2015, 350, 1332",
        ("omniglot_small.npz",),
        {"sha256:377bb5386ca0541e3975180d8f6042be069a48634da7354d20b6969fa522976c": "the merged file"},
    ),
    SubjectEntry(
        "mini-imagenet",
        "photographs of 100 classes, 64/16/20 of them for training, validation and test",
        "images",
        60_000,
        100,
        "https://github.com/twitter-research/meta-learning-lstm",
        "train.csv, val.csv and test.csv of its folder data/miniImagenet, and the images they name in a folder images; "
        "no checksum is published",
        _IMAGENET,
        "Vinyals et al., NIPS 2016; Ravi and Larochelle, ICLR 2017",
        ("mini-imagenet", "miniImagenet", "mini-ImageNet"),
    ),
    SubjectEntry(
        "tiered-imagenet",
        "photographs of 608 classes in 34 categories, 351/97/160 classes for training, validation and test",
        "images",
        779_165,
        608,
        "https://github.com/renmengye/few-shot-ssl-public",
        "train_images_png.pkl, train_labels.pkl and so on; no checksum is published",
        _IMAGENET,
        "Ren et al., ICLR 2018, arXiv 1803.00676",
        ("tiered-imagenet", "tieredImageNet", "tiered-ImageNet"),
    ),
    SubjectEntry(
        "coco",
        "photographs labelled with 80 categories of objects (the sets of 2017)",
        "images",
        123_287,
        80,
        "https://cocodataset.org/#download",
        "folders train2017, val2017 and annotations, from the archives train2017.zip, val2017.zip and "
        "annotations_trainval2017.zip at images.cocodataset.org; no checksum is published",
        "annotations CC BY 4.0, images under the terms of their authors on Flickr",
        "Lin et al., ECCV 2014, arXiv 1405.0312",
        ("coco", "COCO", "coco2017"),
    ),
    SubjectEntry(
        "coco-captions",
        "captions of COCO's images labelled with 18 categories of objects",
        "text",
        22_004,
        18,
        "https://cocodataset.org/#download",
        "a table of captions and 18 columns of 0 and 1, from GitHub Mike0429/COMP5329DeepLearningA2_ViT",
        "annotations CC BY 4.0",
        "Lin et al., ECCV 2014, arXiv 1405.0312",
        ("coco18_captions.csv.gz",),
        {"sha256:9b463e43b0b3634bf9d8d1facc3cfcbcfaf508da6411bb76055a1c9d08a717fc": "the table of 18 categories"},
    ),
    SubjectEntry(
        "scene",
        "photographs as 294 moments of colour, labelled with kinds of scene",
        "vectors",
        2407,
        6,
        _MULAN,
        _NPZ,
        _UNSTATED,
        "Boutell et al., Pattern Recognition 2004, 37, 1757",
        ("scene.npz",),
        {"sha256:91eca349d173b18f4454478d80c6375feb72bbcdcbc95ffb77ed7a77074700cd": "made of Mulan's files"},
    ),
    SubjectEntry(
        "yeast",
        "genes as 103 measures of expression and phylogeny, labelled with functions",
        "vectors",
        2417,
        14,
        _MULAN,
        _NPZ,
        _UNSTATED,
        "Elisseeff and Weston, NIPS 2001",
        ("yeast.npz",),
        {"sha256:221f1153187e46cba205497b5861bee57e4cd1ad668c25dd1f9b0373357af29c": "made of Mulan's files"},
    ),
    SubjectEntry(
        "corel5k",
        "photographs as 499 words of regions, labelled with 374 keywords",
        "vectors",
        5000,
        374,
        _MULAN,
        _NPZ,
        _UNSTATED,
        "Duygulu et al., ECCV 2002",
        ("corel5k.npz",),
        {"sha256:f806da2e6b92af52de296a7842a934b34dffb5b439750bf61a44ba17abfa4375": "made of Mulan's files"},
    ),
)


def subject_entry(name: str) -> SubjectEntry | None:
    """Return a set by its name, without regard to case; None for another name."""
    return next((entry for entry in SUBJECTS if entry.name == name.lower()), None)


def locate_subject(wanted: SubjectEntry) -> Path | None:
    """Return where a set is on this machine: in `WEFT_DATA` (or its `vision` or `multilabel`), else in the cache."""
    given = os.environ.get("WEFT_DATA")
    around = [Path(given), Path(given) / "vision", Path(given) / "multilabel"] if given else []
    places = [folder / name for folder in [*around, cache_folder() / "datasets"] for name in wanted.places]
    return next((path for path in places if path.exists()), None)


def find_subject(wanted: SubjectEntry) -> Path:
    """Return the file or folder of a set.

    Raises:
        UserError: when it is not on this machine, with where it comes from.
    """
    from weft.errors import UserError

    path = locate_subject(wanted)
    if path is None:
        mend = (
            f"Put it as {wanted.places[0]!r} into a folder and set WEFT_DATA to that; it comes from {wanted.address}: "
            f"{wanted.how}."
        )
        raise UserError(f"{wanted.name} is not on this machine and cannot be fetched", mend=mend)
    return path
