"""Whether the compiled packages load on this machine, asked in a process of its own: one may crash.

A library that was built for another processor or misses one of the system's ends a process without a Python error. So
a child imports one module after the other and tells each before and after; where it ends, there is the culprit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from weft.doctor.finding import Finding, fine, note, wrong

#: Module -> what mends it when it does not load, besides installing it again.
MODULES: Final = {
    "numpy": "",
    "scipy.sparse": "",
    "polars": "On an older processor: pip install 'polars[rtcompat]'",
    "pyarrow.parquet": "",
    "safetensors.numpy": "",
    "torch": "",
    "torch_geometric": "",
    "rdkit.Chem": "",
    "rdkit.Chem.Draw.rdMolDraw2D": "Molecules are not drawn without it. Debian, Ubuntu: apt-get install libxrender1",
    "sklearn.ensemble": "",
    "lightgbm": "On Debian or Ubuntu: apt-get install libgomp1. On macOS: brew install libomp",
    "matplotlib": "",
}
_SECONDS: Final = 120
_CHILD: Final = """
import importlib, json, sys
def tell(**told): sys.stdout.write(json.dumps(told) + "\\n"); sys.stdout.flush()
for name in sys.argv[1:]:
    tell(begun=name)
    try:
        importlib.import_module(name)
    except BaseException as error:
        tell(done=name, error=f"{type(error).__name__}: {error}")
    else:
        tell(done=name, error="")
if "torch" in sys.argv[1:] and "torch" in sys.modules:
    import torch
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    cards = [torch.cuda.get_device_name(k) for k in range(count)]
    tell(torch={"version": torch.__version__, "cuda": torch.version.cuda, "cards": cards})
"""


def imports(modules: Sequence[str] | None = None) -> tuple[list[Finding], dict[str, Any]]:
    """Import modules in a child process.

    Returns:
        what was found, and what torch tells of itself: `version`, `cuda`, `cards`; empty without torch.
    """
    errors, torch, left = dict[str, str](), dict[str, Any](), list(MODULES if modules is None else modules)
    while left:
        done, told, culprit = _ask(left)
        errors.update(done)
        torch = told or torch
        if culprit:
            errors[culprit[0]] = culprit[1]
        left = [name for name in left if name not in errors] if culprit else []
    bad = {name: error for name, error in errors.items() if error}
    found = [wrong("loading", f"{name} does not load: {error}", _mend(name)) for name, error in bad.items()]
    return found or [fine("loading", f"all {len(errors)} compiled packages load")], torch


def _mend(name: str) -> str:
    package = name.partition(".")[0]
    package = {"sklearn": "scikit-learn", "torch_geometric": "torch-geometric"}.get(package, package)
    return MODULES.get(name, "") or f"Install it again: pip install --force-reinstall --no-deps {package}"


def _ask(modules: Sequence[str]) -> tuple[dict[str, str], dict[str, Any], tuple[str, str] | None]:
    """Return errors by module, what torch tells, and at which module the child ended before its time."""
    command = [sys.executable, "-c", _CHILD, *modules]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False, env=environment)
        output, ended = done.stdout, f"the process ended with code {done.returncode} {_last(done.stderr)}".strip()
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else ""
        ended = f"nothing came within {_SECONDS} s"
    lines = list(_lines(output))
    errors = {line["done"]: line["error"] for line in lines if "done" in line}
    torch = next((line["torch"] for line in lines if "torch" in line), {})
    last = lines[-1] if lines else {"begun": modules[0]}
    return errors, torch, (last["begun"], ended) if "begun" in last else None


def _lines(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        try:
            told = json.loads(line)
        except ValueError:  # a library that prints
            continue
        if isinstance(told, dict):
            yield told


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return f"({lines[-1][:200]})" if lines else ""


def card() -> Path:
    """Return the file that is there when the system has a driver of NVIDIA's."""
    return Path("/proc/driver/nvidia/version")


def torch_build(told: dict[str, Any], driver: bool) -> Finding:
    """Look at torch's build: for the processor or for cards, and whether it sees one.

    Args:
        told: by torch.
        driver: whether the system has a driver of a card.
    """
    build = f"{told['version']}, built for {'CUDA ' + told['cuda'] if told['cuda'] else 'the processor'}"
    if told["cards"]:
        return fine("torch", f"{build}; cards: {', '.join(told['cards'])}")
    if driver and not told["cuda"]:
        mend = "Install the build for the driver's CUDA that pytorch.org names; until then --device cpu is used."
        return note("torch", f"{build}, but this machine has a card", mend)
    if driver:
        mend = "Look at 'nvidia-smi': the driver may be older than the build, or the card hidden."
        return note("torch", f"{build}, and sees no card although there is a driver", mend)
    return fine("torch", f"{build}; no card: networks are trained on the processor")
