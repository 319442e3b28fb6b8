"""Where networks are trained and asked: on the processor or on a CUDA card.

Everything that depends on the kind of device is said here: which one a name means, random numbers that depend on a seed
and nothing else, the precision of training, and the name of the card. Data and weights move with `.to(device, type)`.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import UserError

if TYPE_CHECKING:
    import torch

#: What may be asked for; one of several cards is `cuda:1`.
DEVICES = ("auto", "cpu", "cuda")
#: Word on the command line -> precision of training.
PRECISIONS = {
    "32": "float32", "bf16": "bfloat16", "64": "float64",
    "float32": "float32", "bfloat16": "bfloat16", "float64": "float64",
}  # fmt: skip


def check_device(name: str) -> None:
    """Refuse a word that names no device, without looking for one.

    Raises:
        UserError: naming the words there are.
    """
    kind, _, number = name.partition(":")
    if name not in DEVICES and not (kind == "cuda" and number.isdigit()):
        raise UserError(f"there is no device {name!r}", where="--device", mend=f"Use one of {', '.join(DEVICES)}.")


def find_device(name: str = "auto") -> torch.device:
    """Return the device that a word means: `auto` is a CUDA card where there is one, else the processor.

    Raises:
        UserError: for a card that is not there.
    """
    import torch

    check_device(name)
    count = torch.cuda.device_count() if name != "cpu" and torch.cuda.is_available() else 0
    if name in ("auto", "cuda") and 0 < count < (processes := int(os.environ.get("LOCAL_WORLD_SIZE", "1"))):
        what = f"{processes} processes need a card each, and torch sees {count}"
        raise UserError(what, where="--devices", mend=f"Use --devices {count}, or --device cpu.")
    if name == "auto":
        return torch.device("cuda", _current()) if count else torch.device("cpu")
    if name == "cpu":
        return torch.device("cpu")
    number = name.partition(":")[2]
    at = int(number) if number else _current()
    if at >= count:
        what = (
            f"there is no device {name!r}: torch {torch.__version__} sees {count or 'no'} CUDA card{'s' * (count > 1)}"
        )
        mend = "Use --device cpu, or install a torch built for the card's CUDA (see pytorch.org)."
        raise UserError(what, where="--device", mend=mend)
    return torch.device("cuda", at)


def _current() -> int:
    """Return the number of the card in use, without starting one: in a group of processes each has its own."""
    import torch

    return torch.cuda.current_device() if torch.cuda.is_initialized() else int(os.environ.get("LOCAL_RANK", "0"))


def told(device: torch.device | str) -> dict[str, str]:
    """Return the kind of a device and the name of the card or processor, JSON-ready."""
    import torch

    device = torch.device(device)
    if device.type == "cuda":
        return {"device": "cuda", "name": torch.cuda.get_device_name(device)}
    return {"device": device.type, "name": _processor()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # another system
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Generator[None]:
    """Draw random numbers that depend on the seed alone for a while, on the processor and on `device`."""
    import torch

    device = torch.device(device)
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):
        torch.manual_seed(seed)
        yield


def precision_named(word: str) -> str:
    """Return the precision that a word means: `float32`, `bfloat16` or `float64`.

    Raises:
        UserError: for a word that is none of `PRECISIONS`.
    """
    if word not in PRECISIONS:
        raise UserError(f"there is no precision {word!r}", where="--precision", mend="Use 32, bf16 or 64.")
    return PRECISIONS[word]


def number_type(precision: str) -> torch.dtype:
    """Return the type that weights, inputs, sums and the optimiser's state have in training.

    It is float64 under `float64`, else float32: `bfloat16` is of products alone (see `autocast`). This is the one place
    that says so: networks, data and labels are moved with `.to(device, number_type(precision))`, and what an encoder
    makes of codes has the type of its weights.
    """
    import torch

    return torch.float64 if precision_named(precision) == "float64" else torch.float32


def autocast(device: torch.device | str, precision: str) -> AbstractContextManager[object]:
    """Return what makes products in bfloat16 under `bfloat16`, and changes nothing under the others."""
    import torch

    if precision_named(precision) != "bfloat16":
        return nullcontext()
    return torch.autocast(torch.device(device).type, torch.bfloat16)


def settle() -> None:
    """Make every result on a card the same for the same seed, for the rest of the process.

    Sums that a card would make in any order are then made in one, at some cost; on the processor they always are.
    """
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first product is made
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
