"""What came of making a run again, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from experiment_cycle.commands.version_tables import table
from experiment_cycle.reproducing.comparing import Compared
from experiment_cycle.reproducing.environments import EnvironmentChange, EnvironmentCheck
from experiment_cycle.reproducing.reproduction import Reproduction

MOST_CHANGES = 10
MOST_ARTIFACTS = 20
ABSENT = "not there"


def on_terminal(found: Reproduction) -> RenderableType:
    """Say whether all is identical; what differs, artifact by artifact, and what was not compared.

    Args:
        found: What came of it.
    """
    parts: list[RenderableType] = [*_environment(found.environment), *map(Text, found.notes)]
    parts += [Text(), _stages(found)]
    differing = [each for each in found.artifacts if each.status == "differs"]
    if differing or found.metric_differences:
        parts += [_differences(differing[:MOST_ARTIFACTS], found.metric_differences)]
        left = len(differing) - MOST_ARTIFACTS
        parts += [Text(f"… and {left} more artifacts; --json lists all.")] if left > 0 else []
    parts += [Text(line, style="dim") for line in _not_compared(found.artifacts)]
    return Group(*parts, _headline(found))


def _headline(found: Reproduction) -> Text:
    run = f"Run {found.run_id[:8]} at commit {found.commit[:12]}"
    if found.same:
        compared = sum(each.status == "same" for each in found.artifacts)
        return Text(
            f"Identical. {run}: {compared} artifacts and {found.metrics_same} metrics are what the "
            f"record holds, up to {found.stages[-1]}.",
            style="bold green",
        )
    where = f" The first stage that differs is {found.first_stage}." if found.first_stage else ""
    return Text(f"Not identical. {run}.{where}", style="bold red")


def _stages(found: Reproduction) -> RenderableType:
    made = table("stage", ">identical", ">differ", ">not compared")
    for stage in found.stages:
        statuses = [each.status for each in found.artifacts if each.stage == stage]
        counts = [statuses.count(s) for s in ("same", "differs", "not_compared")]
        made.add_row(stage, *(str(count) if count else "" for count in counts))
    return made


def _differences(
    artifacts: Sequence[Compared], metrics: Sequence[tuple[str, str, str]]
) -> RenderableType:
    made = table("artifact", "where", "recorded", "made again")
    made.columns[0].no_wrap = False
    for each in artifacts:
        for at, row in enumerate(each.differences):
            made.add_row(escape(each.artifact) if at == 0 else "", *map(escape, row))
    for name, recorded, again in metrics[:MOST_ARTIFACTS]:
        made.add_row(escape(name), "metric", recorded, again)
    return made


def _not_compared(artifacts: Sequence[Compared]) -> Iterator[str]:
    for each in artifacts:
        if each.status == "not_compared":
            yield f"Not compared: {each.artifact}, because {each.how}."


def _environment(found: EnvironmentCheck) -> Iterator[RenderableType]:
    changes = [*found.packages, *found.machine]
    if not changes:
        return
    yield Text(
        f"The environment differs from the recorded one in {len(found.packages)} packages and "
        f"{len(found.machine)} facts of the machine; what differs below may come from that."
    )
    yield _changes(changes)
    if found.install:
        yield Text(f"To have the recorded packages: {found.install}")


def _changes(changes: Sequence[EnvironmentChange]) -> RenderableType:
    made = table("what", "recorded", "here")
    for change in changes[:MOST_CHANGES]:
        made.add_row(change.name, escape(change.recorded or ABSENT), escape(change.here or ABSENT))
    if len(changes) > MOST_CHANGES:
        made.add_row(f"… {len(changes) - MOST_CHANGES} more", "", "")
    return made
