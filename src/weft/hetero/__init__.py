"""Several node tasks on one heterogeneous graph: InLINE (arXiv 2410.22089) and what to compare it with."""
