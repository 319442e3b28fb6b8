"""The fixture that runs commands."""

from tests.cli.conftest import weft as weft
