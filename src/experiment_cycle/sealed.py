"""The test set is sealed: who may not see it is stopped before anything runs."""

from __future__ import annotations

from collections.abc import Iterable

from kedro.pipeline.node import Node

from experiment_cycle.errors import SealedTestError

SEALED = "test"
OPENS = "opens-test-set"
BLIND_STAGES = frozenset({"tuning", "training"})
WHOLE = frozenset({"raw_data", "dataset"})
"""They hold the test rows too, so that the stages which choose a model may not read them."""


def check_sealed(nodes: Iterable[Node]) -> None:
    """Check that only nodes tagged `opens-test-set` read the test set.

    Raises:
        SealedTestError: a node reads the test set without the tag, or tunes or trains on the whole
            dataset.
    """
    for node in nodes:
        for dataset in node.inputs:
            check_may_read(node, dataset)


def check_may_read(node: Node, dataset: str) -> None:
    """Check one node and one dataset; see `check_sealed`."""
    name = dataset.split("@", maxsplit=1)[0]
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
