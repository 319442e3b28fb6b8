"""Data of every kind, read and featurised into packed stores."""
