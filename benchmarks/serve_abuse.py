"""What a server answers to what nobody should send, whether it is well afterwards, and whether it gives memory back.

    python benchmarks/serve_abuse.py MODEL [OUT.json]

MODEL is a folder of `weft fit` on molecules. Each abuse is sent to a real server over HTTP; told is the status, what
was said, the server's health after it, and the memory it holds. The whole list is sent three times: what libraries and
kept encodings take once is there after the first round, and a leak would show in the others.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from serve_process import Server, serving

from weft.files import write_json

MEGABYTE, CLIENTS = 2**20, 200


def told(answer: httpx.Response) -> dict[str, Any]:
    """Return the status and what was said."""
    try:
        said = answer.json().get("what")
    except ValueError:
        said = json.loads(answer.headers.get("x-weft-report", "{}")) or None
    return {"status": answer.status_code, "said": said}


def upload(server: Server, data: bytes, name: str = "table.csv") -> dict[str, Any]:
    """Send a table."""
    return told(httpx.post(f"{server.address}/api/table", files={"file": (name, data)}, timeout=120))


def raw(server: Server, body: str) -> dict[str, Any]:
    """Send text as it is to predict."""
    headers = {"content-type": "application/json"}
    return told(httpx.post(f"{server.address}/api/predict", content=body, headers=headers, timeout=120))


def crowd(server: Server) -> dict[str, Any]:
    """Let many clients ask at once, each for a molecule of its own, and count what they get."""

    def ask(k: int) -> int:
        item = {"smiles": "C" * (k % 40 + 1) + "N" * (k // 40) + "O", "known": {}}
        return server.post("predict", items=[item]).status_code

    with ThreadPoolExecutor(CLIENTS) as pool:
        start = time.perf_counter()
        met = Counter(pool.map(ask, range(CLIENTS)))
    return {"status": dict(met), "said": f"{CLIENTS} clients at once, {time.perf_counter() - start:.1f} s"}


def abuses(server: Server, task: str) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what is sent, by name."""
    wide = ",".join(["smiles", *(f"x{k}" for k in range(10_000))]) + "\nCCO" + ",1" * 10_000 + "\n"
    return {
        "50 MB upload": lambda: upload(server, b"smiles\n" + b"CCO\n" * (50 * MEGABYTE // 4)),
        "SMILES of a million characters": lambda: told(server.post("predict", items=[{"smiles": "C" * 1_000_000}])),
        "the same in a table": lambda: upload(server, b"smiles\nCCO\n" + b"C" * 1_000_000 + b"\n"),
        "10 000 unknown columns": lambda: upload(server, wide.encode()),
        "10 000 unknown tasks": lambda: told(
            server.post("predict", items=[{"smiles": "CC", "known": {f"x{k}": 1 for k in range(10_000)}}])
        ),
        "a path as a task": lambda: told(
            server.post("explain", smiles="CC", known={"../../../etc/passwd": 1}, task="../../../etc/passwd")
        ),
        "a path as a file's name": lambda: upload(server, b"smiles\nCCO\n", "../../../etc/passwd.csv"),
        "a path as an address": lambda: told(httpx.get(f"{server.address}/static/..%2f..%2f..%2fetc%2fpasswd")),
        "NaN as a label": lambda: raw(server, json.dumps({"items": [{"smiles": "CC", "known": {task: math.nan}}]})),
        "not JSON": lambda: raw(server, '{"items": ['),
        f"{CLIENTS} clients at once": lambda: crowd(server),
    }


def served_path(model: Path) -> dict[str, Any]:
    """Start a server on a path that is no model."""
    command = [sys.executable, "-m", "weft", "serve", str(model / ".." / ".." / "etc" / "passwd")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {
        "exit code": done.returncode,
        "said": (done.stderr or done.stdout).strip().splitlines()[-1].replace(str(model), "MODEL"),
    }


def rounds(server: Server) -> tuple[list[dict[str, Any]], list[int]]:
    """Send all of it three times; return what came of each, and the megabytes held before and after every round."""
    task = httpx.get(f"{server.address}/api/model", timeout=120).json()["tasks"][0]["name"]
    lines, memory = list[dict[str, Any]](), [server.resident() // MEGABYTE]
    for turn in (1, 2, 3):
        for name, send in abuses(server, task).items():
            before, found = server.resident(), send()
            health = httpx.get(f"{server.address}/api/health", timeout=30).json()["status"]
            time.sleep(0.5)
            grown = round((server.resident() - before) / MEGABYTE, 1)
            lines.append({"round": turn, "sent": name, **found, "health": health, "grown_mb": grown})
            print(json.dumps(lines[-1]), flush=True)
        memory.append(server.resident() // MEGABYTE)
    return lines, memory


def main() -> None:
    """Send it and tell."""
    model = Path(sys.argv[1])
    with serving(model, "--threads", "1") as server:
        lines, memory = rounds(server)
        fine = server.post("predict", items=[{"smiles": "CCO"}]).status_code
    about = {
        "a path as a model": served_path(model),
        "resident_mb": dict(zip(["start", "round 1", "round 2", "round 3"], memory, strict=True)),
        "predict afterwards": fine,
        "sent": lines,
    }
    print(json.dumps({key: value for key, value in about.items() if key != "sent"}, indent=2))
    if len(sys.argv) > 2:
        write_json(sys.argv[2], about)


if __name__ == "__main__":
    main()
