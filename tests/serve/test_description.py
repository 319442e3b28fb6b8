"""Questions made from the server's own description: none makes it fail, and every answer is as described."""

from __future__ import annotations

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from tests import tiny
from tests.serve.live import served
from weft.serve.limits import Limits
from weft.serve.schema import FIELDS

ASKED = [
    ("/api/predict", "POST"), ("/api/what-if", "POST"), ("/api/explain", "POST"), ("/api/measure-next", "POST"),
    ("/api/add-task", "POST"), ("/api/table", "POST"), ("/api/draw", "GET"), ("/api/nodes", "GET"),
    ("/api/node", "GET"),
]  # fmt: skip
#: These take nothing that could be wrong.
TOLD = [(f"/api/{name}", "GET") for name in ("task-map", "model", "card", "health")] + [("/metrics", "GET")]
#: No description can say which text is a molecule, or which tasks the model has: what is valid may be refused.
UNFIT = [checks.positive_data_acceptance]
#: What the two models have: tasks with labels, and data.
THERE = {
    "tiny_folder": ({"a": [0, 1], "b": [0, 1], "size": [2, 3.5], "colour": ["red", "blue"]}, {"smiles": "CCO"}),
    "graph_folder": ({"late": [0, 1], "pages": [30]}, {"node": {"type": "paper", "id": "p3"}}),
}
EXACT = settings(
    max_examples=12, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module", params=list(THERE))
def description(request):
    """A server of molecules, then one of a graph; what it is asked about exists."""
    with pytest.MonkeyPatch.context() as patch:
        tiny.register(patch)
        with served(request.getfixturevalue(request.param), limits=Limits(added_tasks=3)) as address:
            found = schemathesis.openapi.from_url(f"{address}/openapi.json")
            found.there = THERE[request.param]
            yield found


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), ASKED)
def test_no_question_makes_it_fail(description, path, method, mode):
    """Protects from a 500 to anything that may be sent, valid or not, and from answers unlike their description."""

    @EXACT
    @given(case=description[path][method].as_strategy(generation_mode=mode))
    def ask(case) -> None:
        case.call_and_validate(excluded_checks=UNFIT)

    ask()


@pytest.mark.parametrize(("path", "method"), TOLD)
def test_what_takes_nothing_tells(description, path, method):
    """Protects what is told from being unlike its description; a map is refused by models that have none to tell."""
    told = description[path][method].Case().call_and_validate(excluded_checks=UNFIT)
    assert told.status_code == (400 if path == "/api/task-map" and not told.json().get("names") else 200)


@pytest.mark.parametrize("path", ["/api/predict", "/api/what-if", "/api/explain", "/api/measure-next"])
def test_questions_that_make_sense_are_answered_as_described(description, path):
    """Protects answers, which random names hardly ever reach: here molecules, nodes and tasks are those there are."""
    met: Counter[int] = Counter()

    @EXACT
    @given(case=description[path]["POST"].as_strategy(), data=st.data())
    def ask(case, data) -> None:
        case.body = sensible(case.body, description.there, data.draw)
        met[case.call_and_validate(excluded_checks=UNFIT).status_code] += 1

    ask()
    assert met[200] > 2, met


def sensible(body: dict, there: tuple[dict, dict], draw) -> dict:
    """Put what exists in place of invented names and molecules."""
    tasks, subject = there
    task = st.sampled_from(list(tasks))
    cell = task.flatmap(lambda name: st.tuples(st.just(name), st.sampled_from([*tasks[name], None])))
    for item in body.get("items", [body]):
        for name in FIELDS:
            item.pop(name, None)
        item |= {**subject, "known": dict(draw(st.lists(cell, max_size=2)))}
    made = {
        "task": task,
        "label": st.none(),
        "targets": st.lists(task, min_size=1, max_size=3),
        "changes": st.lists(cell, min_size=1, max_size=2).map(dict),
    }
    return {**body, **{name: draw(made[name]) for name in made if name in body}}


def test_every_way_is_asked(description):
    """Protects a new operation from not being asked."""
    assert {(o.ok().path, o.ok().method.upper()) for o in description.get_all_operations()} == {*ASKED, *TOLD}
