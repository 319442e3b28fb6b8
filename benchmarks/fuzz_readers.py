"""Whether any file, row or request makes weft fail otherwise than with a message: a million rows, 100 000 files.

    python benchmarks/fuzz_readers.py [OUT.json] [--files 100000] [--rows 1000000] [--requests 20000] [--processes 2]
                                      [--only NAME] [--first 0]

Right files of every format (tests/fuzz/seeds.py) are made wrong (tests/fuzz/mutate.py) and read as the commands read
them. Each case is made from its number alone, so that a finding is a name and a number. A case that takes ten seconds
is a hang; a process that ends is a crash; both are told with their number, and the work goes on. Memory is read every
hundred cases.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weft.files import write_json

sys.path.insert(0, str(Path(__file__).parents[1]))

SECONDS, ROWS_PER_TABLE, MEMORY = 10.0, 500, 6 * 2**30
#: Calls that no reader makes: a file that leads to one ran code.
FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect", "ctypes.dlopen")


def _quiet() -> None:
    """Keep RDKit and libraries from writing a line per wrong molecule, and a mad size from taking the machine."""
    import logging
    import resource
    import warnings

    from rdkit import RDLogger

    os.fsync = lambda _: None  # nobody pulls the plug here
    RDLogger.DisableLog("rdApp.*")
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _work(name: str, numbers: range, root: str, state: Any, told: Any) -> None:
    """Do the cases of one name; `state` holds the case at hand and when it began."""
    os.environ["WEFT_CACHE"] = f"{root}/cache"
    _quiet()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=root) as work:
        case = _case(name, Path(work), Path(root))
        caught = list[str]()
        sys.addaudithook(lambda event, _: caught.append(event) if event in FORBIDDEN and state[2] else None)
        taken, memory = 0, list[int]()
        for at, number in enumerate(numbers):
            state[0], state[1], state[2] = number, time.monotonic(), 1.0
            try:
                taken += bool(case(number))
            except BaseException as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{Path(last.filename).name}:{last.lineno}"
                told.put(("finding", name, number, f"{type(error).__name__}: {str(error)[:200]} ({where})"))
            state[2] = 0.0
            if caught:
                told.put(("finding", name, number, f"a file led to {caught.pop()}"))
                caught.clear()
            if at % 100 == 0:
                memory.append(_resident())
        told.put(("done", name, taken, memory))
        told.close()
        told.join_thread()


def _case(name: str, work: Path, root: Path) -> Any:
    if name == "rows":
        from tests.fuzz.readers import rows

        return lambda number: rows(number, ROWS_PER_TABLE, work / "rows.csv")
    if name == "requests":
        from tests.fuzz.requests import Requests

        return Requests(work).case
    from tests import tiny
    from tests.fuzz.readers import Fuzzer

    from weft.predictor import REGISTRY

    REGISTRY[tiny.NAME] = "tests.tiny:Tiny"
    seeds: dict[str, str] = json.loads((root / "seeds.json").read_text())
    return Fuzzer.of(name, Path(seeds[name]), work).case


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Result:
    """What came of one name."""

    cases: int = 0
    taken: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        mb = [round(n / 2**20) for n in self.memory]
        grown = mb[-1] - mb[len(mb) // 2] if len(mb) > 3 else 0
        held = {"first": mb[0], "half": mb[len(mb) // 2], "last": mb[-1], "grown_in_second_half": grown} if mb else {}
        return {"cases": self.cases, "taken": self.taken, "resident_mb": held, "findings": self.findings}


def run(name: str, numbers: range, root: str) -> Result:
    """Do the cases of a name in a process of its own, and another whenever one hangs or crashes."""
    context, result = mp.get_context("spawn"), Result(len(numbers))
    left = numbers
    while len(left):
        state, told = context.Array("d", 3, lock=False), context.Queue()
        process = context.Process(target=_work, args=(name, left, root, state, told))
        process.start()
        why = _watch(process, state, told, result)
        if not why:
            return result
        at = int(state[0])
        if at not in left or not state[1]:
            raise SystemExit(f"{name}: {why} before its first case")
        result.findings.append({"number": at, "what": why})
        left = left[left.index(at) + 1 :]
    return result


def _watch(process: Any, state: Any, told: Any, result: Result) -> str:
    """Collect what a process tells until it is done; return why it ended before, or ''."""
    import queue

    while True:
        try:
            kind, _, *rest = told.get(timeout=1)
        except queue.Empty:
            if state[2] and time.monotonic() - state[1] > SECONDS:
                process.kill()
                process.join()
                return f"hang of more than {SECONDS:g} s"
            if not process.is_alive():
                return f"the process ended with {process.exitcode}"
            continue
        if kind == "done":
            result.taken += rest[0]
            result.memory += rest[1]
            process.join()
            return ""
        result.findings.append({"number": rest[0], "what": rest[1]})


def main() -> None:
    """Do all of it; the exit code is 1 when anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?")
    for name, usual in (("files", 100_000), ("rows", 1_000_000), ("requests", 20_000), ("processes", 2), ("first", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    found, began = dict[str, Result](), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weft-fuzz-") as root:
        for name, result in _all(_plan(given, Path(root)), given.first, given.processes, root):
            found[name] = result
            if given.out:
                write_json(given.out, _told(found, began))
    about = _told(found, began)
    print(json.dumps({key: value for key, value in about.items() if key != "readers"}, indent=2))
    raise SystemExit(1 if about["findings"] else 0)


def _plan(given: argparse.Namespace, root: Path) -> list[tuple[str, int]]:
    """Make the right files and return how many cases each name has."""
    from tests.fuzz.seeds import make

    seeds = make(root / "seeds")
    (root / "seeds.json").write_text(json.dumps({name: str(path) for name, path in seeds.items()}))
    plan = [(name, -(-given.files // len(seeds))) for name in seeds]
    plan += [("rows", -(-given.rows // ROWS_PER_TABLE)), ("requests", given.requests)]
    return [(name, n) for name, n in plan if n and given.only in name]


def _told(found: dict[str, Result], began: float) -> dict[str, Any]:
    """Return what came of all names so far, JSON-ready."""
    spent = os.times()
    return {
        "files": sum(result.cases for name, result in found.items() if name not in ("rows", "requests")),
        "rows": found["rows"].cases * ROWS_PER_TABLE if "rows" in found else 0,
        "requests": found["requests"].cases if "requests" in found else 0,
        "findings": sum(len(result.findings) for result in found.values()),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "cpu_s": round(spent.children_user + spent.children_system),
        "readers": {name: result.to_json() for name, result in found.items()},
    }


def _all(plan: list[tuple[str, int]], first: int, processes: int, root: str) -> Iterator[tuple[str, Result]]:
    from concurrent.futures import ThreadPoolExecutor

    def one(item: tuple[str, int]) -> tuple[str, Result]:
        name, n = item
        result = run(name, range(first, first + n), root)
        kinds = Counter(finding["what"] for finding in result.findings)
        print(f"{name}: {n} cases, {result.taken} taken, {len(result.findings)} findings", flush=True)
        for what, times in kinds.most_common(8):
            number = next(finding["number"] for finding in result.findings if finding["what"] == what)
            print(f"    {times} x {what}; first {number}", flush=True)
        return name, result

    with ThreadPoolExecutor(processes) as pool:
        yield from pool.map(one, plan)


if __name__ == "__main__":
    main()
