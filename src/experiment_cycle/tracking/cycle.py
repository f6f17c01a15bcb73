"""One cycle, one record: which run a stage writes into, and whether what it builds on is valid.

`cycle.json` says which MLflow run is the present cycle's record, and for each finished node with
which parameters it ran. A stage run alone goes on with that record; a changed parameter starts a
new record that names its parent; a stage whose inputs were made with other parameters than the
present ones is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.options import Record, fingerprint
from experiment_cycle.replacing import replacing


class CycleState(Record):
    """What `cycle.json` holds: the run, a hash of all parameters, one for each finished node."""

    run_id: str
    parameters: str
    finished: dict[str, str]


@dataclass(frozen=True)
class PlannedNode:
    """A node as far as the record cares: its stage, its parameters, what it needs and makes."""

    name: str
    stage: str
    parameters: dict[str, Any]
    needs: frozenset[str]
    makes: frozenset[str]

    @property
    def key(self) -> str:
        """Hash of the parameters the node reads."""
        return fingerprint(self.parameters)


@dataclass
class Cycle:
    """The present cycle, kept in a file that is replaced at once after each node."""

    file: Path
    _lock: Lock = field(default_factory=Lock)

    def load(self) -> CycleState | None:
        """Read the state; None where there is none, or one that a newer or older version wrote."""
        try:
            return CycleState.model_validate_json(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def begin(self, run_id: str, parameters: dict[str, Any], kept: dict[str, str]) -> None:
        """Start or go on with a record in which the nodes of `kept` count as finished."""
        self._write(CycleState(run_id=run_id, parameters=fingerprint(parameters), finished=kept))

    def finish(self, node: PlannedNode) -> None:
        """Note that a node has finished and its outputs are saved."""
        with self._lock:
            state = self.load()
            if state is not None:
                finished = {**state.finished, node.name: node.key}
                self._write(state.model_copy(update={"finished": finished}))

    def _write(self, state: CycleState) -> None:
        with replacing(self.file) as unfinished:
            unfinished.write_text(json.dumps(state.model_dump(), indent=2))


def upstream(planned: Iterable[PlannedNode], everything: Iterable[PlannedNode]) -> set[str]:
    """Name every node that `planned` builds on without running it."""
    running = list(planned)
    names = {node.name for node in running}
    makers = {output: node for node in everything for output in node.makes}
    found: set[str] = set()
    waiting = [item for node in running for item in node.needs]
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is None or maker.name in names or maker.name in found:
            continue
        found.add(maker.name)
        waiting.extend(maker.needs)
    return found


def downstream(names: set[str], everything: Iterable[PlannedNode]) -> set[str]:
    """Name every node that builds on one of `names`, directly or not."""
    nodes = list(everything)
    stale: set[str] = set()
    while True:
        made = {output for node in nodes if node.name in names | stale for output in node.makes}
        more = {node.name for node in nodes if node.needs & made} - stale
        if not more:
            return stale
        stale |= more


def rewrites(
    planned: list[PlannedNode],
    dataset: str,
    everything: list[PlannedNode],
    state: CycleState | None,
) -> bool:
    """Tell whether `planned` makes anew a finished dataset, or anything that it was built on.

    Args:
        planned: The nodes that will run.
        dataset: What must not be written over in a record that has it.
        everything: All nodes of the project.
        state: The present cycle; None where there is none yet.
    """
    makers = [node for node in everything if dataset in node.makes]
    if state is None or not all(maker.name in state.finished for maker in makers):
        return False
    built_on = {maker.name for maker in makers} | upstream(makers, everything)
    return any(node.name in built_on for node in planned)


def kept_nodes(
    planned: list[PlannedNode],
    skipped: list[PlannedNode],
    everything: list[PlannedNode],
    state: CycleState | None,
) -> dict[str, str]:
    """Tell which finished nodes stay valid while `planned` runs.

    Args:
        planned: The nodes that will run.
        skipped: Nodes asked for, but left out because their outputs are there.
        everything: All nodes of the project.
        state: The present cycle; None where there is none yet.

    Raises:
        ConfigurationError: a skipped node, or one that `planned` builds on, has not finished in the
            present cycle, or finished with other parameters than the present ones.
    """
    finished = {} if state is None else state.finished
    by_name = {node.name: node for node in everything}
    relied_on = upstream(planned, everything) | {node.name for node in skipped}
    invalid = [
        node
        for node in everything
        if node.name in relied_on and finished.get(node.name) != node.key
    ]
    if invalid:
        raise ConfigurationError(_explain(invalid, finished, planned))
    running = {node.name for node in planned}
    stale = running | downstream(running, everything)
    return {
        name: key
        for name, key in finished.items()
        if name not in stale and name in by_name and by_name[name].key == key
    }


def _explain(
    invalid: list[PlannedNode], finished: dict[str, str], planned: list[PlannedNode]
) -> str:
    first = invalid[0]
    if first.name in finished:
        reason = f"ran with other values of {', '.join(first.parameters)} than the present ones"
    else:
        reason = "has not run in the present cycle"
    stages = dict.fromkeys(node.stage for node in [*invalid, *planned])
    return (
        f"The node '{first.name}' of the stage '{first.stage}' {reason}, so its results cannot be "
        f"built on. Next step: kedro run --pipelines={','.join(stages)}"
        + (", or restore the parameters." if first.name in finished else ", or a whole kedro run.")
    )
