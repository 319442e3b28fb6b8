"""The demo's data: molecules put together by rules, and related assays with missing labels.

Every molecule has hidden factors (uptake, a receptor, metabolism, stress, reactivity). A factor is partly a rule
on the structure and partly chance, as an assay's biology is only partly told by what a fingerprint sees.
Each task reads a mixture of factors through its own noise, so that tasks share what structure does not tell:
known labels of a molecule help with its other tasks, and no structure-only model can be as good.

All numbers come from NumPy's seeded generator and from counting substructures, so that a seed gives one table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from weft.data.building_blocks import molecules
from weft.data.tables import write_table
from weft.labels import Bools, Floats
from weft.tasks import Kind, Task, TaskSet

#: The table that `weft demo` reads: `demo_table()` as it was written for this version.
DEMO = Path(__file__).with_name("demo.csv.gz")

#: Substructures that are counted.
PATTERNS = {
    "aromatic ring atom": "a",
    "halogen": "[F,Cl,Br,I]",
    "hydroxyl": "[OX2H]",
    "acid": "C(=O)[OX2H]",
    "basic amine": "[NX3;!$(N-C=[O,N,S]);!$(N-S=O);!$(N-a);!$([N+])]",
    "nitro": "[N+](=O)[O-]",
    "reactive carbonyl": "[$([CX3H]=O),$(C(=O)C=C)]",
    "alkyl halide": "[CX4;H2][Cl,Br]",
    "sulfur": "[#16]",
    "acceptor": "[n,O,$(C#N)]",
    "aliphatic carbon": "[CX4]",
}

#: Hidden factor -> weights of the standardised counts in its structural part.
RULES = {
    "uptake": {"halogen": 1.0, "aliphatic carbon": 0.6, "acid": -1.2, "hydroxyl": -0.8, "acceptor": -0.6},
    "receptor": {"aromatic ring atom": 1.0, "hydroxyl": 0.8, "basic amine": -0.8, "sulfur": 0.5},
    "metabolism": {"basic amine": 1.0, "aliphatic carbon": 0.7, "nitro": -0.5, "halogen": 0.5},
    "stress": {"nitro": 1.2, "reactive carbonyl": 0.8, "sulfur": 0.6, "acid": -0.5},
    "reactivity": {"reactive carbonyl": 1.2, "alkyl halide": 1.2, "aromatic ring atom": -0.4},
}

#: Task -> weights of the hidden factors, and the share of positives (None: a regression task).
ASSAYS: dict[str, tuple[dict[str, float], float | None]] = {
    "receptor_binding": ({"receptor": 1.0}, 0.35),
    "receptor_agonist": ({"receptor": 0.9, "uptake": 0.4}, 0.25),
    "receptor_antagonist": ({"receptor": 0.8, "metabolism": -0.5}, 0.2),
    "enzyme_inhibition": ({"metabolism": 1.0, "uptake": 0.3}, 0.3),
    "enzyme_induction": ({"metabolism": 0.8, "receptor": 0.5}, 0.25),
    "oxidative_stress": ({"stress": 1.0, "reactivity": 0.4}, 0.25),
    "dna_damage": ({"reactivity": 1.0, "stress": 0.5}, 0.15),
    "cell_death": ({"stress": 0.7, "reactivity": 0.6, "uptake": 0.5}, 0.3),
    "membrane_toxicity": ({"uptake": 1.0, "stress": 0.4}, 0.3),
    "log_clearance": ({"metabolism": 0.9, "uptake": -0.4}, None),
}


@dataclass(frozen=True)
class Recipe:
    """How much of what goes into the table.

    Attributes:
        n: molecules.
        chance: share of a hidden factor's variance that no structure tells.
        noise: standard deviation of each assay's own noise, the factors' mixture having 1.
        missing: share of labels that are left blank.
        seed: of everything random.
    """

    n: int = 1000
    chance: float = 0.6
    noise: float = 0.25
    missing: float = 0.35
    seed: int = 0


def demo_tasks() -> TaskSet:
    """Return the tasks of the demo: binary assays and one regression."""
    kinds = {name: Kind.REGRESSION if rate is None else Kind.BINARY for name, (_, rate) in ASSAYS.items()}
    return TaskSet(tuple(Task(name, kind) for name, kind in kinds.items()))


def demo_table(recipe: Recipe | None = None) -> pl.DataFrame:
    """Make the table: `smiles`, then a column per task; text for binary tasks is 0, 1 or null."""
    recipe = recipe or Recipe()
    rng = np.random.default_rng(recipe.seed)
    smiles = molecules(recipe.n, rng)
    factors = hidden_factors(structure(smiles), recipe.chance, rng)
    observed = observe(recipe, rng)
    columns: dict[str, pl.Series] = {"smiles": pl.Series(smiles)}
    for at, (name, (weights, rate)) in enumerate(ASSAYS.items()):
        mixture = np.stack([weight * factors[factor] for factor, weight in weights.items()]).sum(0)
        signal = _standard(mixture) + recipe.noise * rng.standard_normal(recipe.n)
        column = _readout(signal, rate)
        columns[name] = column.set(pl.Series(~observed[:, at]), None)
    return pl.DataFrame(columns)


def structure(smiles: list[str]) -> dict[str, Floats]:
    """Count every pattern in every molecule, square-rooted and standardised, float64 `[N]` each."""
    from rdkit import Chem

    mols = [Chem.MolFromSmiles(text) for text in smiles]
    queries = {name: Chem.MolFromSmarts(text) for name, text in PATTERNS.items()}
    return {
        name: _standard(np.sqrt([len(mol.GetSubstructMatches(query)) for mol in mols]))
        for name, query in queries.items()
    }


def hidden_factors(counts: dict[str, Floats], chance: float, rng: np.random.Generator) -> dict[str, Floats]:
    """Mix each factor's structural part and chance, variance 1 in all, float64 `[N]` each."""
    factors: dict[str, Floats] = {}
    for factor, weights in RULES.items():
        told = _standard(np.stack([weight * counts[name] for name, weight in weights.items()]).sum(0))
        untold = rng.standard_normal(len(told))
        factors[factor] = np.sqrt(1 - chance) * told + np.sqrt(chance) * untold
    return factors


def observe(recipe: Recipe, rng: np.random.Generator) -> Bools:
    """Draw which labels are known, `[N, T]`; some assays were run on fewer molecules than others."""
    share = recipe.missing + np.linspace(-0.2, 0.2, len(ASSAYS))
    return rng.random((recipe.n, len(ASSAYS))) >= np.clip(share, 0, 1)


def write_demo() -> None:
    """Write the table that ships; run it after a change of the rules (a test compares the two)."""
    write_table(demo_table(), DEMO)


def _standard(x: Floats) -> Floats:
    return (x - x.mean()) / max(float(x.std()), 1e-12)


def _readout(signal: Floats, rate: float | None) -> pl.Series:
    if rate is None:
        return pl.Series(np.round(1.5 + 0.6 * signal, 2)).cast(pl.String)
    return pl.Series((signal > np.quantile(signal, 1 - rate)).astype(np.int64)).cast(pl.String)
