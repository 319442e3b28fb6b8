"""One file per trunk: how the states of the tasks are made from a graph, and what the tasks exchange on the way."""
