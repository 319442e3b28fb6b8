"""Search over the settings of a model: spaces, trials, and the study that proposes them."""
