"""Strong practical baselines, and the out-of-fold profile."""
