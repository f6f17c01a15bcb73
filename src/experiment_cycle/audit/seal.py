"""LEAK016: test rows were used to choose the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kedro.pipeline.node import Node

from experiment_cycle.audit.openings import Event
from experiment_cycle.audit.verdict import conclude
from experiment_cycle.errors import SealedTestError
from experiment_cycle.sealed import BLIND_STAGES, check_sealed
from experiment_cycle.splitting.leakage.findings import About, Accusation
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK016", "Test rows were used to choose the model", "high")
REMEDY = (
    "let whatever tunes, trains or sets a threshold read 'train' and 'validation' only, and open "
    "'test' once the model is final."
)


def seal_finding(
    nodes: Iterable[Node], events: Sequence[Event] | None, options: AuditOptions
) -> Finding:
    """Judge the wiring, and the openings of the test set in the present cycle.

    Structural (type L1.1 of Kapoor and Narayanan, Patterns 4(9), 2023). It fails if a node that
    tunes or trains reads test rows, directly or by a detour; if such a node has opened the test
    set; or if it was opened before the hyperparameters were fixed.

    Args:
        nodes: All nodes of the project.
        events: What was recorded in this cycle, in its order; None: nothing was.
        options: Waivers.
    """
    wired = list(nodes)
    accusations = [*_wiring(wired), *_openings(events or ())]
    opened = [event for event in events or () if event.what == "opened"]
    told = "in this cycle they were not opened"
    if events is None:
        told = "openings were not recorded, so that they are not judged"
    elif opened:
        told = f"they were opened {len(opened)} times, always after the hyperparameters were fixed"
    return conclude(
        options,
        ABOUT,
        accusations,
        f"No node that tunes or trains can reach the test rows; {told}.",
        REMEDY,
        openings=[event.model_dump(mode="json") for event in opened],
        openings_recorded=events is not None,
    )


def _wiring(nodes: Sequence[Node]) -> Iterator[Accusation]:
    for node in nodes:
        try:
            check_sealed([node], nodes)
        except SealedTestError as error:
            sentence = error.message.partition(" Next step:")[0]
            yield Accusation((), "failed", sentence, 1, 0)


def _openings(events: Sequence[Event]) -> Iterator[Accusation]:
    changed_last: dict[str, str | None] = {}
    fixings: list[int] = []
    for place, event in enumerate(events):
        if event.what == "fixed" and changed_last.get(event.dataset) != event.hash:
            changed_last[event.dataset] = event.hash
            fixings.append(place)
    last = fixings[-1] if fixings else -1
    for place, event in enumerate(events):
        if event.what != "opened":
            continue
        blind = set(event.tags) & BLIND_STAGES
        if blind:
            message = (
                f"The node '{event.node}', which belongs to {sorted(blind)[0]}, opened the test "
                "set."
            )
            yield Accusation((), "failed", message, 1, 0)
        elif place < last:
            late = events[last]
            message = (
                f"The node '{event.node}' opened the test set before '{late.dataset}' was fixed by "
                f"'{late.node}', so that the choice may rest on what was seen."
            )
            yield Accusation((), "failed", message, 1, 0)
