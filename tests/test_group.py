"""Two processes that train together make the model that one would make of the same batches."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from tests.pair import FITS
from weft.group import Group, current, expected

ROOT = Path(__file__).parent.parent


#: Adam's first steps are of one length whatever the gradient, also where it is rounding alone.
TOLERANCE = {"few-shot": 5e-3}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of what two processes made."""
    folder = tmp_path_factory.mktemp("pair")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    command = [sys.executable, "-W", "error", "-m", "tests.pair", str(folder)]
    started = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, **place, "RANK": str(rank)}, stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    told = [process.communicate(timeout=300)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    return folder


@pytest.mark.parametrize("name", FITS)
def test_both_processes_have_the_same_model(made, name):
    """Bit for bit: else they would drift apart."""
    first, second = (load_file(made / f"{name}-{rank}.safetensors") for rank in range(2))
    assert first.keys() == second.keys()
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=key)


@pytest.mark.parametrize("name", [name for name in FITS if name != "whole"])
def test_two_processes_do_what_one_does(made, name):
    """At the same batches in all: losses, weights and predictions differ by rounding.

    Seen to catch: statistics of half a batch in batch normalisation; gradients not added up, or added up twice; a
    family's mean taken per process.
    """
    both, alone = load_file(made / f"{name}-0.safetensors"), FITS[name]()
    for key in ("losses", "mean"):
        if key in both:
            known = ~np.isnan(alone[key])
            most = 1e-12 if "double" in name and key == "losses" else TOLERANCE.get(name, 2e-4)  # answers are float32
            np.testing.assert_allclose(both[key][known], alone[key][known], atol=most, rtol=most, err_msg=key)


@pytest.mark.parametrize("name", [name for name in FITS if "double" in name])
def test_in_double_precision_two_processes_keep_what_one_keeps(made, name):
    """Rounding is far below the last bit of what is kept, a float32, over all steps of all members.

    Seen to catch: one process's batch statistics made of shares rounded to float32.
    """
    both, alone = load_file(made / f"{name}-0.safetensors"), FITS[name]()
    assert both.keys() == alone.keys()
    for key, value in alone.items():
        # answers are made in float32, whose sums depend on the number of threads
        np.testing.assert_allclose(both[key], value, atol=1e-9, rtol=1e-5 if key == "mean" else 1.2e-7, err_msg=key)


def test_members_of_a_whole_graph_are_shared_out(made):
    """Each is trained by one process, bit for bit as by itself, dropout and all."""
    both, alone = load_file(made / "whole-0.safetensors"), FITS["whole"]()
    for key, value in alone.items():
        np.testing.assert_array_equal(both[key], value, err_msg=key)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10])
def test_shares_are_all_rows_once(n):
    """In order, and as long as `sizes` tells."""
    parts = [Group(rank, 3).part(torch.arange(n)) for rank in range(3)]
    assert torch.equal(torch.cat(parts), torch.arange(n))
    assert [len(part) for part in parts] == Group(0, 3).sizes(n)


def test_one_process_is_alone():
    """And does nothing of all this."""
    x = torch.rand(3, requires_grad=True)
    assert current().alone
    assert expected().alone
    assert current().joined(x, 3) is x
    assert current().total(x) is x
