"""Where independent pieces of work are done: processes of this machine, or Ray."""
