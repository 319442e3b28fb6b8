"""A table whose first task is in the molecules' structure and whose second is the first, mostly."""


def write(path, turned=False):
    """Write 90 molecules with two binary tasks and their part; `turned` changes the test labels."""
    lines = ["smiles,amine,alike,part"]
    for k in range(90):
        amine = k % 2
        part = "train" if k < 50 else "val" if k < 70 else "test"
        value = 1 - amine if turned and part == "test" else amine
        alike = "" if k % 5 == 0 else value if k % 7 else 1 - value
        smiles = "C" * (k // 10 + 1) + "C(C)" * (k % 10) + ("N" if amine else "O")
        lines.append(f"{smiles},{value},{alike},{part}")
    path.write_text("\n".join(lines) + "\n")
    return path
