"""A folder of images larger than the memory at hand is packed and read all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data.pictures import encoded

#: 3200 images of 160 x 160 pixels: 246 MB of bytes.
COUNT, SIDE, FORMS = 3200, 160, 8
ROOM_MB = 115

CHILD = """
import re, resource, sys
from pathlib import Path
import numpy as np, torch
from weft.data.base import Inputs, widths
from weft.data.image_decode import Form
from weft.data.image_folders import list_images
from weft.encoders.base import build_encoder

torch.set_num_threads(1)
side, room = int(sys.argv[2]), int(sys.argv[3]) * 2**20

def go(folder):
    data, _ = list_images(folder).make(Form(side, side, 3), 1, None)
    inputs = Inputs.of(data, ["images"])
    encoder = build_encoder("resnet-small", widths(data, ["images"]), 8, channels=(4,))
    encoder.fit_scalers(inputs, torch.arange(len(data)))
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    total = 0
    for rows in order.split(16):
        batch = inputs.take(rows)
        total += int(batch.images.sum())
    encoder(batch).sum().backward()
    data.dense("thumbnail")
    return data, total

go(Path(sys.argv[1]) / "few")  # libraries take their share of memory before the limit is set
held = int(re.search(r"VmData:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (held + room, held + room))
data, total = go(Path(sys.argv[1]) / "many")
print("bytes", data.pixels.values.nbytes, "limit", room, "sum", total)
try:
    np.array(data.pixels.values)
    print("whole")
except MemoryError:
    print("refused")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits of memory are Linux's")
def test_memory_is_bounded_whatever_the_folder(tmp_path):
    # Protects: packing, scaling, an epoch of batches, a step back and thumbnails need less memory than the images hold;
    # the system refuses more, as the last line of the child shows.
    for k in range(FORMS):
        (tmp_path / f"form{k}.bmp").write_bytes(encoded(k % 3, k, SIDE, "BMP"))
    for name, count in (("few", 2 * FORMS), ("many", COUNT)):
        folder = tmp_path / name / "any"
        folder.mkdir(parents=True)
        for n in range(count):
            os.link(tmp_path / f"form{n % FORMS}.bmp", folder / f"{n}.bmp")
    env = {**os.environ, "WEFT_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(SIDE), str(ROOM_MB)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    words = done.stdout.split()
    assert int(words[1]) == COUNT * 3 * SIDE * SIDE > 2 * ROOM_MB * 10**6
    assert words[-1] == "refused"
