import pytest

KNOWN = {"dna_damage": 1, "cell_death": 0, "oxidative_stress": 1}


def test_effects_add_up_to_the_difference(real):
    """Shapley's efficiency: effects sum to full - base within 1e-4, and full is what predict says."""
    found = real.ask("explain", smiles="CCO", known=KNOWN, task="enzyme_induction")
    assert found["method"] == "shapley"
    assert sum(e["effect"] for e in found["effects"]) == pytest.approx(found["full"] - found["base"], abs=1e-4)
    told = real.ask("predict", items=[{"smiles": "CCO", "known": KNOWN}, {"smiles": "CCO"}])["items"]
    full, base = (next(t["value"] for t in item["tasks"] if t["task"] == "enzyme_induction") for item in told)
    assert (found["full"], found["base"]) == (pytest.approx(full, abs=1e-6), pytest.approx(base, abs=1e-6))
    sizes = [abs(e["effect"]) for e in found["effects"]]
    assert sizes == sorted(sizes, reverse=True)


def test_a_known_task_is_not_explained_by_its_own_label(real):
    """No peeking in explanations: the task's own label is not among the effects."""
    found = real.ask("explain", smiles="CCO", known=KNOWN, task="dna_damage")
    assert {e["task"] for e in found["effects"]} == {"cell_death", "oxidative_stress"}


def test_measure_next_ranks_what_is_unknown(real):
    """Candidates are unmeasured, sorted by gain, no more than asked; targets narrow what counts."""
    found = real.ask("measure-next", smiles="CCO", known=KNOWN, count=3)["candidates"]
    assert len(found) == 3
    assert not {c["task"] for c in found} & KNOWN.keys()
    assert [c["gain"] for c in found] == sorted((c["gain"] for c in found), reverse=True)
    one = real.ask("measure-next", smiles="CCO", known=KNOWN, targets=["enzyme_induction"])
    assert one["targets"] == ["enzyme_induction"]
    assert one["candidates"][0]["task"] == "enzyme_induction"


def test_nothing_left_to_measure_is_no_error(client):
    """A molecule of which all is known has no candidates; a known target is told."""
    known = {"a": 1, "b": 0, "size": 2, "colour": "red"}
    assert client.ask("measure-next", smiles="CC", known=known)["candidates"] == []
    assert client.refused("measure-next", smiles="CC", known=known, targets=["a"])["where"] == "targets"


def test_unknown_names_are_told(client):
    """Protects from a task or class that does not exist, with the nearest that does."""
    assert client.refused("explain", smiles="CC", task="aa")["where"] == "task"
    assert client.refused("measure-next", smiles="CC", targets=["aa"])["where"] == "targets"
    told = client.refused("explain", smiles="CC", known={"a": 1}, task="colour", label="green")
    assert "no class 'green'" in told["what"]
    assert client.refused("explain", smiles="CC", known={"a": 1}, task="a", label="1")["mend"] == "Leave label out."


def test_a_class_may_be_chosen(client):
    """Of a multiclass task the likeliest class is explained, or the one asked for."""
    default = client.ask("explain", smiles="CC", known={"a": 1}, task="colour")
    asked = client.ask("explain", smiles="CC", known={"a": 1}, task="colour", label="blue")
    assert (default["label"], asked["label"]) == ("red", "blue")
    assert asked["full"] == pytest.approx(1 - default["full"], abs=1e-6)


def test_the_task_map_and_atoms_of_a_real_model(real):
    """The map has every task, the picture one tint per atom that counts; both answer at once the second time."""
    found = real.get("/api/task-map").json()
    assert len(found["names"]) == 10 == len(found["influence"])
    assert sorted(found["order"]) == list(range(10))
    plain = real.get("/api/draw", params={"smiles": "CCO"}).text
    tinted = real.get("/api/draw", params={"smiles": "CCO", "task": "cell_death"}).text
    assert tinted.count("<ellipse") > plain.count("<ellipse") == 0
    real.state.loaded.predictor.engine = None  # from now on only what is kept can be told
    assert real.get("/api/task-map").json() == found
    assert real.get("/api/draw", params={"smiles": "CCO", "task": "dna_damage"}).status_code == 200


def test_a_drawing_is_safe_to_show(client):
    """Protects a strict page: no script, no style attribute, text escaped, a title for those who cannot see."""
    answer = client.get("/api/draw", params={"smiles": "C[C@H](N)O |$<b>;;;$|", "dark": True})
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "style=" not in answer.text
    assert "<b>" not in answer.text
    assert "<title>Structure of C[C@H](N)O" in answer.text
    told = client.get("/api/draw", params={"smiles": "C1CC", "task": "a"})
    assert (told.status_code, told.json()["where"]) == (400, "smiles")
    assert client.get("/api/draw", params={"smiles": "CC", "width": 10**6}).status_code == 422
    assert client.get("/api/draw", params={"smiles": "CC", "task": "zz"}).json()["where"] == "task"
    assert client.get("/api/task-map").status_code == 400
