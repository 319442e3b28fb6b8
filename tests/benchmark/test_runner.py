"""A pair of row and seed is trained once, whatever happens; a table never mixes options."""

import json
from dataclasses import replace

import pytest

from tests import tiny
from tests.benchmark.small import SUITE, small_graph
from weft.benchmark.results import Result, Results
from weft.benchmark.runner import RunOptions, run_suite
from weft.benchmark.suite import REGISTRY, Row, Suite, suite
from weft.benchmark.tables import further_grid
from weft.errors import UserError

TWO = RunOptions(seeds=(0, 1))


@pytest.fixture(autouse=True)
def trained(monkeypatch):
    """Return the (seed, folder's name) of every fit, in order."""
    tiny.register(monkeypatch)
    fits = []
    inner = tiny.Tiny.fit

    def fit(self, data, labels, split, run):
        assert not set(labels.row) & set(split.test)
        fits.append((run.seed, run.folder.name))
        inner(self, data, labels, split, run)

    monkeypatch.setattr(tiny.Tiny, "fit", fit)
    return fits


def test_each_pair_once_and_again_nothing(tmp_path, trained):
    """Protects hours of computing: what is there is not trained again, more seeds add only theirs."""
    found = run_suite(SUITE, tmp_path, RunOptions(seeds=(0,), rows=("guess/one",)))
    assert (found.trained, [r.key for r in found.results]) == (1, [("guess/one", "", 0)])
    found = run_suite(SUITE, tmp_path, TWO)
    assert found.trained == 3
    assert trained == [
        (0, "small-guess-one-0"),
        (0, "small-guess-two-0"),
        (1, "small-guess-one-1"),
        (1, "small-guess-two-1"),
    ]
    assert run_suite(SUITE, tmp_path, TWO).trained == 0
    assert len(trained) == 4
    assert len(found.path.read_text().splitlines()) == 4


def test_what_is_not_random_is_run_once(tmp_path, trained):
    """Protects from five runs of a model that has nothing random in it."""
    rows = (Row("guess/one", tiny.NAME, random=False), SUITE.rows[1])
    found = run_suite(Suite("small", "", small_graph, rows), tmp_path, TWO)
    assert [r.key for r in found.results] == [("guess/one", "", 0), ("guess/two", "", 0), ("guess/two", "", 1)]
    assert len(trained) == 3


def test_a_suite_may_draw_a_graph_per_seed(tmp_path, trained):
    """Protects made-up data from a finding that holds of one draw: also what is not random sees every graph."""
    drawn = []

    def graph(seed):
        drawn.append(seed)
        return small_graph(12 + 4 * seed)

    rows = (Row("guess/one", tiny.NAME, random=False), SUITE.rows[1])
    found = run_suite(Suite("small", "", small_graph, rows, drawn=graph), tmp_path, TWO)
    assert [r.key[::2] for r in found.results] == [(r, k) for k in (0, 1) for r in ("guess/one", "guess/two")]
    assert drawn == [0, 0, 1, 1]


def test_every_label_of_a_further_graph_is_asked(tmp_path):
    """Protects what is said of rare tasks: the graph of the training's seed, all its labels and none shown."""
    asked = []

    def further(seed):
        asked.append(seed)
        return small_graph(36)

    found = run_suite(Suite("small", "", small_graph, SUITE.rows[:1], further=further), tmp_path, TWO).results
    assert asked == [0, 1]
    for result in found:
        assert result.probe["further"]["area"]["accuracy"] == pytest.approx(1 / 3)  # as many authors of each class
    assert further_grid([*found, replace(found[0], probe={})]).rows == further_grid(found).rows


def test_a_line_says_all(tmp_path):
    """Protects the raw rows: metrics per family and part, cost, options and versions, readable without weft."""
    found = run_suite(SUITE, tmp_path, RunOptions(seeds=(0,), rows=("guess/one",)))
    line = json.loads(found.path.read_text())
    assert set(line["test"]) == set(line["val"]) == {"area", "tags", "year"}
    assert line["test"]["area"]["accuracy"] == pytest.approx(1 / 3)  # three test authors, one of each class
    assert line["kinds"]["tags"] == "multilabel"
    assert line["cpu_s"] >= 0
    assert {"weft", "torch", "when"} <= set(line["made"])


def test_stopped_in_the_middle_goes_on(tmp_path, trained, monkeypatch):
    """Protects a stopped run: finished pairs stay, the stopped one is done again, with its work only on --resume."""
    monkeypatch.setenv("TINY_FAILS", "1")
    with pytest.raises(UserError, match="the fit failed"):
        run_suite(SUITE, tmp_path, TWO)
    work = tmp_path / ".work" / "small-guess-one-0"
    (work / "means.safetensors").write_bytes(b"half")
    monkeypatch.delenv("TINY_FAILS")
    assert run_suite(SUITE, tmp_path, TWO).trained == 4  # would fail if the broken stage were read
    assert not work.exists()


def test_work_is_kept_with_resume(tmp_path, monkeypatch):
    """Protects a long training that was interrupted: its stage is read, not made again."""
    monkeypatch.setattr(tiny.Tiny, "predict", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run_suite(SUITE, tmp_path, TWO)
    assert (tmp_path / ".work" / "small-guess-one-0" / "means.safetensors").is_file()
    monkeypatch.undo()
    with pytest.MonkeyPatch.context() as patch:
        tiny.register(patch)
        patch.setattr(tiny.Tiny, "_means", lambda *_: pytest.fail("made again"))
        only = RunOptions(seeds=(0,), rows=("guess/one",), resume=True)
        assert run_suite(SUITE, tmp_path, only).trained == 1


def test_what_another_process_does_is_left_to_it(tmp_path, trained):
    """Protects two processes in one folder: a pair in work elsewhere is skipped and told."""
    with Results(tmp_path, "small", Result).claim(("guess/one", "", 0)) as work:
        assert work is not None
        found = run_suite(SUITE, tmp_path, RunOptions(seeds=(0,)))
    assert found.elsewhere == (("guess/one", "", 0),)
    assert trained == [(0, "small-guess-two-0")]


def test_done_meanwhile_is_not_done_again(tmp_path, trained, monkeypatch):
    """Protects two processes from doing a pair one after the other: the file is read again before each."""
    run_suite(SUITE, tmp_path / "other", TWO)
    theirs = (tmp_path / "other" / "small.jsonl").read_bytes()

    def graph():
        (tmp_path / "small.jsonl").write_bytes(theirs)
        return small_graph()

    late = Suite("small", "", graph, SUITE.rows)
    assert run_suite(late, tmp_path, TWO).trained == 0
    assert len(trained) == 4


def test_other_options_do_not_mix(tmp_path):
    """Protects a table from rows of a quick look, or of an older definition."""
    run_suite(SUITE, tmp_path, RunOptions(seeds=(0,)))
    rows = (Row("guess/one", tiny.NAME, {"setting": "standard"}), SUITE.rows[1])
    with pytest.raises(UserError, match="setting=standard"):
        run_suite(Suite("small", "", small_graph, rows), tmp_path, TWO)
    with pytest.raises(UserError, match="guess/one was run as"):
        run_suite(SUITE, tmp_path, RunOptions(seeds=(0,), changed={"setting": "meta"}))


def test_damaged_line_is_named(tmp_path):
    """Protects from a table of half a file."""
    (tmp_path / "small.jsonl").write_text('{"suite": "small"}\n')
    with pytest.raises(UserError, match="line 1"):
        run_suite(SUITE, tmp_path, TWO)


def test_names():
    """Protects a misspelt suite or row: the nearest is told; a group means its rows."""
    with pytest.raises(UserError, match="Did you mean inline-dblp"):
        suite("inline-dbpl")
    with pytest.raises(UserError, match="Did you mean guess/two"):
        SUITE.select(["guess/tow"])
    assert SUITE.select(["guess"]) == SUITE.rows
    assert [row.name for row in suite("inline-dblp").select(["one", "default"])] == [
        "default",
        "one/whole",
        "one/no-gates",
        "one/no-labels",
    ]


@pytest.mark.parametrize("name", [name for name in REGISTRY if name.startswith("inline")])
def test_suites_are_whole(name):
    """Protects the suites: rows are distinct, and have what each must be compared with."""
    found = suite(name)
    names = [row.name for row in found.rows]
    assert len(set(names)) == len(names)
    assert {"default", "one/whole", "prior"} <= set(names)
    assert any(name.startswith(("no-labels/", "one/no-labels")) for name in names)
    words = {name.rpartition("/")[2] for name in names}
    assert {"no-gates", "single", "shared", "cross-stitch", "mmoe", "ple"} <= words
    assert found.name == name


def test_progress_is_one_line_of_the_whole(tmp_path):
    """Protects the screen: the stages of every training are notes of one stage, which ends once."""
    told = []
    run_suite(SUITE, tmp_path, RunOptions(seeds=(0,)), lambda *words: told.append(words))
    assert {stage for stage, *_ in told} == {"benchmark"}
    assert ("benchmark", 1, 2, "guess/two, seed 0: train 0/2") in told
    assert [words for words in told if words[1] == words[2]] == [("benchmark", 2, 2, "")]


def test_real_models_on_a_small_graph(tmp_path):
    """Protects the rows people run: InLINE alone and together, with fewer epochs where the model takes them."""
    rows = (
        Row("default", options={"members": 1}),
        Row("alone", options={"exchange": "single", "members": 1}, alone=True),
        Row("linear-graph", "linear-graph"),
        Row("prior", "prior"),
    )
    options = RunOptions(seeds=(0,), changed={"epochs": 2})
    suite = Suite("real", "", lambda: small_graph(24), rows, further=lambda seed: small_graph(36))
    found = run_suite(suite, tmp_path, options).results
    assert [result.row for result in found] == ["default", "alone", "linear-graph", "prior"]
    assert [result.options.get("epochs") for result in found] == [2, 2, None, None]
    assert all(set(result.test) == {"area", "tags", "year"} for result in found)
    assert [set(r.probe.get("further", ())) for r in found] == [set(found[0].test)] * 2 + [set(), set(found[0].test)]
    assert found[0].parameters
    assert found[3].parameters is None
