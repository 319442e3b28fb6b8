import numpy as np
import pytest

from weft.data.columns import plan_columns
from weft.data.reading import read_labels
from weft.data.synthetic import ASSAYS, DEMO, PATTERNS, Recipe, demo_table, demo_tasks, hidden_factors, structure
from weft.data.tables import read_table
from weft.labels import LabelTable
from weft.tasks import Kind


@pytest.fixture(scope="module")
def made():
    return demo_table()


def labels_of(frame) -> LabelTable:
    return LabelTable.from_wide(demo_tasks(), frame)


def test_shipped_table_is_what_the_generator_makes(made):
    """The shipped file and the rules that made it do not drift apart."""
    assert read_table(DEMO).frame.equals(made)
    assert DEMO.stat().st_size < 100_000


def test_a_seed_gives_one_table_and_another_seed_another():
    """The demo is the same on every run."""
    small = Recipe(n=40)
    assert demo_table(small).equals(demo_table(small))
    assert not demo_table(small).equals(demo_table(Recipe(n=40, seed=1)))


def test_molecules_are_valid_and_distinct(made):
    """Every SMILES parses and no molecule stands twice."""
    from rdkit import Chem

    mols = [Chem.MolFromSmiles(smiles) for smiles in made["smiles"]]
    assert all(mol is not None for mol in mols)
    assert len({Chem.MolToSmiles(mol) for mol in mols}) == len(made) == Recipe().n


def test_plan_guesses_the_demo_without_help():
    """What weft guesses of the demo is what the demo means."""
    table = read_table(DEMO)
    plan = plan_columns(table)
    assert plan.smiles == "smiles"
    assert plan.tasks == demo_tasks()
    assert plan.other == ()
    assert len(read_labels(table, plan)) > 6000


def test_shares_of_labels_and_positives(made):
    """Labels are missing and classes are balanced as the recipe says, with both classes in every task."""
    labels = labels_of(made)
    assert 1 - len(labels) / (labels.n_rows * len(labels.tasks)) == pytest.approx(0.35, abs=0.02)
    for task in labels.tasks:
        if task.kind is Kind.BINARY:
            counts = labels.class_counts(task.name)
            assert counts[1] / counts.sum() == pytest.approx(ASSAYS[task.name][1], abs=0.05)


def test_most_of_a_factor_is_not_told_by_structure():
    """Two draws for the same molecules agree by the structural part only: no fingerprint can know the rest.

    Seen to fail with the chance part left out of `hidden_factors`.
    """
    rng = np.random.default_rng(1)
    counts = {name: rng.standard_normal(4000) for name in PATTERNS}
    one, two = hidden_factors(counts, 0.6, rng), hidden_factors(counts, 0.6, rng)
    for name in one:
        assert np.std(one[name]) == pytest.approx(1, abs=0.05)
        assert np.corrcoef(one[name], two[name])[0, 1] == pytest.approx(0.4, abs=0.06)


def test_related_assays_agree_more_than_with_any_count(made):
    """What structure does not tell is shared between assays: known labels help.

    Seen to fail when every assay drew chance of its own.
    """
    y, observed = labels_of(made).to_dense()
    a, b = (demo_tasks().index(name) for name in ("receptor_binding", "receptor_agonist"))
    both = observed[:, a] & observed[:, b]
    counts = structure(list(made["smiles"]))
    with_structure = [abs(np.corrcoef(count[both], y[both, a])[0, 1]) for count in counts.values()]
    assert np.corrcoef(y[both, a], y[both, b])[0, 1] > max(with_structure) + 0.2
