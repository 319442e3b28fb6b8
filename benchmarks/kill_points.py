"""Whether commands that are killed with `kill -9` at random points end as if they had not been.

    python benchmarks/kill_points.py [OUT.json] [--points 20] [--only NAME]

Of every command (tests/faults/scenes.py) half of the points are shares of its CPU time, half are renames of a file,
right before or after it. After each: nothing half-written is read as whole, the command is given again, and what it
made is compared with an undisturbed run, byte for byte (results of a benchmark: value for value, times left out).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main() -> None:
    """Kill and tell; the exit code is 1 when anything ended otherwise."""
    from tests.faults.killing import Killer
    from tests.faults.scenes import SCENES

    from weft.files import write_json

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    began, told = time.monotonic(), dict[str, dict[str, object]]()
    with tempfile.TemporaryDirectory(prefix="weft-kills-") as root:
        killer = Killer(Path(root))
        for name in SCENES:
            if given.only not in name or name == "fit tiny":
                continue
            cpu = killer.undisturbed(name)[1]
            killed, failed, points = 0, list[str](), list[str]()
            for seed in range(given.points):
                try:
                    point = killer.point(name, seed)
                except AssertionError as error:
                    failed.append(str(error)[:300])
                    continue
                killed += point.killed
                points.append(f"{point.how} {point.at:.3g}{'' if point.killed else ' (ended first)'}")
            told[name] = {"cpu_s": round(cpu, 2), "points": given.points, "killed": killed, "same": len(points)}
            told[name] |= {"otherwise": failed, "where": points}
            print(
                json.dumps({name: {key: told[name][key] for key in ("cpu_s", "killed", "same", "otherwise")}}),
                flush=True,
            )
    about = {"minutes": round((time.monotonic() - began) / 60, 1), "commands": told}
    if given.out:
        write_json(given.out, about)
    raise SystemExit(1 if any(found["otherwise"] for found in told.values()) else 0)


if __name__ == "__main__":
    main()
