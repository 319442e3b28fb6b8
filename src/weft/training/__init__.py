"""Training loop, metrics, calibration and checkpoints."""
