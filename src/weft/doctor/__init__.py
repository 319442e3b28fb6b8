"""What is wrong with an installation, a model folder or data, and what mends it."""
