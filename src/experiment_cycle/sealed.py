"""The test set is sealed: who may not see it is stopped before anything runs."""

from __future__ import annotations

from collections.abc import Iterable

from kedro.pipeline.node import Node

from experiment_cycle.errors import SealedTestError

SEALED = "test"
OPENS = "opens-test-set"
BLIND_STAGES = frozenset({"tuning", "training"})
RAW = "raw_data"
WHOLE = frozenset({RAW, "dataset"})
"""They hold the test rows too, so that the stages which choose a model may not read them."""
SAFE = frozenset(
    {"train", "validation", "split_assignment", "split_manifest", "folds", "dataset_version"}
)
"""Made from all rows by stages of ours, and without anything that a test row says."""
NOT_DATA = ("params:", "parameters")


def check_sealed(nodes: Iterable[Node], project: Iterable[Node] = ()) -> None:
    """Check that only nodes tagged `opens-test-set` read the test set, and no blind stage at all.

    A node that tunes or trains may not read test rows by a detour either: nothing that another node
    made from them, however many steps ago, and no table that the raw data are made from.

    Args:
        nodes: The nodes that are to run.
        project: All nodes of the project, where some of them run without the others.

    Raises:
        SealedTestError: a node reads the test set without the tag, or tunes or trains on what test
            rows went into.
    """
    running = list(nodes)
    makers = {_name(made): node for node in (*project, *running) for made in node.outputs}
    sources = _sources(makers)
    for node in running:
        for dataset in node.inputs:
            check_may_read(node, dataset)
            if node.tags & BLIND_STAGES:
                _check_origin(node, _name(dataset), makers, sources)


def check_may_read(node: Node, dataset: str) -> None:
    """Check one node and one dataset, without what it was made from; see `check_sealed`."""
    name = _name(dataset)
    blind = node.tags & BLIND_STAGES
    if name == SEALED and (OPENS not in node.tags or blind):
        raise SealedTestError(
            f"The node '{node.name}' reads the sealed dataset '{SEALED}'. Only nodes tagged "
            f"'{OPENS}' may, and none that tunes or trains. Next step: read 'train' or "
            "'validation' there, or, if this node evaluates a finished model, tag it."
        )
    if name in WHOLE and blind:
        raise SealedTestError(
            f"The node '{node.name}' of the stage '{sorted(blind)[0]}' reads '{name}', which holds "
            "the test rows too. Next step: read 'train' or 'validation' there."
        )


def _check_origin(node: Node, dataset: str, makers: dict[str, Node], sources: set[str]) -> None:
    way = _way_to_test_rows(dataset, makers, sources)
    if way is None:
        return
    stage = sorted(node.tags & BLIND_STAGES)[0]
    first, *steps = reversed(way)
    origin = f"'{first}'" if first in {SEALED, *WHOLE} else f"'{first}', of which '{RAW}' is made,"
    if not steps:
        raise SealedTestError(
            f"The node '{node.name}' of the stage '{stage}' reads {origin} which holds the test "
            f"rows too. Next step: join it into '{RAW}' in the pipeline data_preparation, and read "
            "'train' or 'validation' here."
        )
    made = ", then ".join(f"'{step}' (node '{makers[step].name}')" for step in steps)
    raise SealedTestError(
        f"The node '{node.name}' of the stage '{stage}' reads '{dataset}', into which test rows "
        f"went: from {origin} was made {made}. Next step: make '{dataset}' from 'train' and "
        "'validation' only; a node that also prepares test rows becomes two nodes, one for each."
    )


def _way_to_test_rows(dataset: str, makers: dict[str, Node], sources: set[str]) -> list[str] | None:
    """Find the shortest way back from a dataset to test rows; None if there is none."""
    ways = [[dataset]]
    passed = {dataset}
    while ways:
        way = ways.pop(0)
        here = way[-1]
        if here in SAFE:
            continue
        if here in sources:
            return way
        maker = makers.get(here)
        for source in sorted({_name(item) for item in maker.inputs} if maker else ()):
            if source not in passed:
                passed.add(source)
                ways.append([*way, source])
    return None


def _sources(makers: dict[str, Node]) -> set[str]:
    """Name what holds test rows: `test`, the whole dataset, and the tables it is made from."""
    found = {SEALED, *WHOLE}
    waiting = [RAW]
    while waiting:
        maker = makers.get(waiting.pop())
        for name in {_name(item) for item in maker.inputs} if maker else ():
            if name not in found and not name.startswith(NOT_DATA):
                found.add(name)
                waiting.append(name)
    return found


def _name(dataset: str) -> str:
    """Leave out how a transcoded dataset is read."""
    return dataset.split("@", maxsplit=1)[0]
