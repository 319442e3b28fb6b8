"""Settings shared by all tests."""

from __future__ import annotations

from hypothesis import settings

# A shared machine may pause for longer than the default deadline; the same examples every time.
settings.register_profile("weft", deadline=None, derandomize=True)
settings.load_profile("weft")
