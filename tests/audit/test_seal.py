"""LEAK016: who can reach the test rows, and who opened them when."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from experiment_cycle.audit.openings import Event, append_event, read_events
from experiment_cycle.audit.openings_hook import OpeningsHook
from experiment_cycle.audit.seal import seal_finding
from experiment_cycle.datasets.path import PathDataset
from experiment_cycle.errors import IntegrityError
from experiment_cycle.splitting.leakage.options import AuditOptions, Waiver

CUT = Node(lambda data: (data, data, data), "dataset", ["train", "validation", "test"], name="cut")
TRAINS = Node(lambda data: data, "train", "challenger", name="fit", tags="training")
TUNES = Node(lambda data: {"C": 1.0}, "train", "best_hyperparameters", name="search", tags="tuning")
TESTS = Node(
    lambda model, test: 1,
    ["challenger", "test"],
    "metrics",
    name="evaluate",
    tags=["evaluation", "opens-test-set"],
)
WIRED = [CUT, TUNES, TRAINS, TESTS]


def opened(node: str = "evaluate", *tags: str) -> Event:
    return Event(cycle="c", what="opened", dataset="test", node=node, tags=tags)


def fixed(content: str = "a") -> Event:
    return Event(cycle="c", what="fixed", dataset="best_hyperparameters", node="s", hash=content)


def test_an_honest_pipeline_passes() -> None:
    found = seal_finding(WIRED, [fixed(), opened()], AuditOptions())

    assert found.status == "passed"
    assert "opened 1 times" in found.message


def test_without_a_record_of_openings_that_is_said() -> None:
    found = seal_finding(WIRED, None, AuditOptions())

    assert found.status == "passed"
    assert "not recorded" in found.message


@pytest.mark.parametrize(
    "nodes",
    [
        [Node(lambda data: data, "test", "challenger", name="fit", tags="training")],
        [Node(lambda data: data, "dataset", "challenger", name="fit", tags="training")],
        [
            Node(lambda data: data, "test", "means", name="fit", tags="opens-test-set"),
            Node(lambda data: data, "means", "challenger", name="last", tags="training"),
        ],
    ],
)
def test_a_way_from_the_test_rows_to_training_fails(nodes: list[Node]) -> None:
    found = seal_finding([CUT, *nodes], None, AuditOptions())

    assert found.status == "failed"
    assert nodes[-1].name in found.message


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], "passed"),
        ([fixed(), opened(), opened()], "passed"),
        ([fixed(), opened(), fixed()], "passed"),  # the same choice, saved again
        ([opened(), fixed()], "failed"),
        ([fixed(), opened(), fixed("b")], "failed"),
        ([fixed(), opened("search", "tuning")], "failed"),
        ([fixed(), opened("mine", "training", "opens-test-set")], "failed"),
    ],
)
def test_the_order_of_openings_and_choices_counts(events: list[Event], status: str) -> None:
    assert seal_finding(WIRED, events, AuditOptions()).status == status


def test_a_waiver_is_shown() -> None:
    options = AuditOptions(waivers=(Waiver(code="LEAK016", reason="a demonstration", by="B."),))

    assert seal_finding(WIRED, [opened(), fixed()], options).status == "waived"


def test_events_are_read_back_by_cycle(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "openings.jsonl"
    assert read_events(file, "c") is None
    events = [fixed(), opened("é")]
    for event in events:
        append_event(file, event)
    append_event(file, opened().model_copy(update={"cycle": "another"}))

    assert read_events(file, "c") == events
    assert read_events(file, "none") == []

    file.write_text(file.read_text() + '{"cut')
    with pytest.raises(IntegrityError, match="Line 4"):
        read_events(file, "c")


def test_the_hook_records_loads_of_test_and_what_was_fixed(tmp_path: Path) -> None:
    from kedro.framework.hooks.manager import _create_hook_manager

    catalog = DataCatalog(
        {
            "dataset": MemoryDataset([1, 2]),
            "test": MemoryDataset(),
            "test_openings": PathDataset(filepath=str(tmp_path / "openings.jsonl")),
        }
    )
    pipeline = Pipeline(WIRED)
    hook, manager = OpeningsHook(Path("cycle.json")), _create_hook_manager()
    manager.register(hook)

    class Context:
        project_path = tmp_path

    hook.after_context_created(Context())
    hook.before_pipeline_run(catalog)
    SequentialRunner().run(pipeline, catalog, manager)

    events = read_events(tmp_path / "openings.jsonl", "")
    assert events is not None
    assert [(event.what, event.node) for event in events] == [
        ("fixed", "search"),
        ("opened", "evaluate"),
    ]
    assert seal_finding(WIRED, events, AuditOptions()).status == "passed"
