"""Asking the C library to keep freed memory is harmless wherever it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from weft import memory


def test_it_says_whether_it_can():
    code = "from weft.memory import keep_freed_memory as keep; print(keep(), keep())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out in (["True", "True"], ["False", "False"])


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert memory.keep_freed_memory() is False
