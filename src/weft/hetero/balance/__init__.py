"""One file per way to balance the tasks: from their losses to one gradient."""
