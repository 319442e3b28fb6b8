"""Tests that need a CUDA card, and are skipped where there is none; `tests/test_strays.py` stands in for them."""
