"""Which nodes lead from the raw tables, or the dataset, to the trained models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.sealed import BLIND_STAGES, SEALED

RAW, DATASET, ASSIGNMENT, TRAIN = "raw_data", "dataset", "split_assignment", "train"


@dataclass(frozen=True, eq=False)
class Route:
    """The part of the pipeline that is run again.

    Attributes:
        pipeline: Its nodes.
        sources: The tables it begins with.
        cut: The node that cuts a table into train, validation and test.
        table: The table that it cuts.
    """

    pipeline: Pipeline
    sources: tuple[str, ...]
    cut: Node
    table: str

    @cached_property
    def judged(self) -> frozenset[str]:
        """Everything that the nodes which tune and train read and make, test rows aside."""
        blind = [node for node in self.pipeline.nodes if node.tags & BLIND_STAGES]
        names = {name for node in blind for name in (*node.inputs, *node.outputs)}
        return frozenset(name for name in names if is_data(name) and plain_name(name) != SEALED)

    @cached_property
    def before_cut(self) -> frozenset[str]:
        """What is made before the cut, and so holds test rows."""
        return frozenset(self.pipeline.to_nodes(self.cut.name).all_outputs()) - set(
            self.cut.outputs
        )

    def leading_to(self, names: Collection[str]) -> Route:
        """Keep only the nodes that make what is named, as far as it is made, or lead to it."""
        made = [name for name in self.pipeline.all_outputs() if plain_name(name) in names]
        return replace(self, pipeline=self.pipeline.to_outputs(*made))

    @property
    def results(self) -> frozenset[str]:
        """What nodes that tune or train make, and no node reads."""
        made = {
            name
            for node in self.pipeline.nodes
            if node.tags & BLIND_STAGES
            for name in node.outputs
        }
        return frozenset(made & self.pipeline.outputs())

    @property
    def training(self) -> frozenset[str]:
        """The names of the nodes that tune or train."""
        return frozenset(node.name for node in self.pipeline.nodes if node.tags & BLIND_STAGES)


def plan_route(project: Pipeline, *, from_raw: bool) -> Route:
    """Choose the nodes that lead from the raw tables, or from the dataset, to the trained models.

    The split assignment is taken as it is: nodes that only lead to it are left out, and so are
    those of tuning and training into which no data go.

    Args:
        project: All nodes.
        from_raw: Whether to begin with the raw tables, not with the dataset.

    Raises:
        ConfigurationError: no node makes `train`, or none tunes or trains on it.
    """
    makers = {output: node for node in project.nodes for output in node.outputs}
    cut = makers.get(TRAIN)
    blind = [node for node in project.nodes if node.tags & BLIND_STAGES]
    if cut is None or not blind:
        raise ConfigurationError(
            f"The project has no node that makes '{TRAIN}', or none with the tag tuning or "
            "training, so that there is nothing to audit. Next step: keep the stages splitting and "
            "training in pipeline_registry.py, and the tags of their pipelines."
        )
    stops = {ASSIGNMENT} if from_raw else {ASSIGNMENT, DATASET}
    needed = _upstream(blind, makers, stops)
    chosen = Pipeline([node for node in project.nodes if node.name in needed])
    entries = {name for name in chosen.inputs() if is_data(name)}
    reached = {node.name for node in chosen.from_nodes(cut.name).nodes}
    chosen = Pipeline(
        [node for node in chosen.nodes if not node.tags & BLIND_STAGES or node.name in reached]
    )
    entries &= {name for name in chosen.inputs() if is_data(name)}
    table = next(name for name in cut.inputs if is_data(name) and name != ASSIGNMENT)
    return Route(chosen, tuple(sorted(entries - {ASSIGNMENT})), cut, table)


def is_data(name: str) -> bool:
    """Tell data from parameters."""
    return not name.startswith("params:") and name != "parameters"


def plain_name(name: str) -> str:
    """Leave out how a transcoded dataset is read."""
    return name.split("@", maxsplit=1)[0]


def _upstream(nodes: Iterable[Node], makers: Mapping[str, Node], stops: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node.name in found:
            continue
        found.add(node.name)
        waiting += [makers[name] for name in node.inputs if name in makers and name not in stops]
    return found
