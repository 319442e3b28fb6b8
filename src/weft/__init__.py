"""weft: relational multi-task learning on graphs."""

__version__ = "0.1.0"
