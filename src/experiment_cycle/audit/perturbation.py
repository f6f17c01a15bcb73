"""LEAK018: what is learned from train changes when the test rows do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.audit.corruption import corrupt
from experiment_cycle.audit.fingerprints import WHOLE, Parts, fingerprint_parts
from experiment_cycle.audit.verdict import conclude
from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.splitting.leakage.findings import About, Accusation
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.records import Finding

ABOUT = About("LEAK018", "Training changes when test rows change", "high")
REMEDY = (
    "learn from train alone: move what learns from many rows (scaling, filling in, selecting, "
    "encoding, sampling) out of the steps before the split and into the model's preprocessing, "
    "which is fitted on train."
)
MEASURED = re.compile(r"(^|[._])(\w*seconds|\w*_mib|\w*duration\w*|\w*timestamp\w*)$")
"""Parts that hold a clock or a meter: they differ between any two runs."""
SHOWN = 5

Corruption = Literal["none", "far", "near"]
"""Which rerun: nothing changed, test rows moved far, or changed within what occurs."""


class Artifact(NamedTuple):
    """What one node made of one dataset.

    Attributes:
        node: Who made it.
        parts: The hashes of its parts.
        judged: Whether it is what tuning and training read or make; others only tell where a
            difference comes from.
    """

    node: str
    parts: Parts
    judged: bool


Made = Mapping[str, Artifact]
"""Artifacts by dataset, in the order in which they were made."""


class Difference(NamedTuple):
    """A dataset that came out otherwise, and in which parts."""

    dataset: str
    node: str
    parts: tuple[str, ...]
    judged: bool


def perturbation_finding(
    fit: Callable[[pd.DataFrame], Any],
    frame: pd.DataFrame,
    test_rows: npt.NDArray[np.integer],
    columns: Columns,
    task: Task,
    seed: int,
    options: AuditOptions | None = None,
) -> Finding:
    """Find out whether a function that trains looks at test rows.

    Args:
        fit: Takes the whole table and returns all that it learned or made for training: a model, a
            table, or a mapping of such. It knows which rows are test rows.
        frame: The whole table.
        test_rows: Positions of the test rows, shape (m,).
        columns: The roles of the columns.
        task: What the target is predicted as.
        seed: Where all random choices come from.
        options: Waivers.
    """
    rows = np.zeros(len(frame), dtype=bool)
    rows[test_rows] = True

    def run(corruption: Corruption) -> Made:
        given = frame.copy()
        if corruption != "none":
            far = corruption == "far"
            given = corrupt_table(frame, rows, columns, task, seed, far=far)
        made = fit(given)
        return {"what was learned": Artifact("fit", fingerprint_parts(made), judged=True)}

    return judge_reruns(run, int(rows.sum()), options or AuditOptions())


def corrupt_table(
    frame: pd.DataFrame,
    rows: npt.NDArray[np.bool_],
    columns: Columns,
    task: Task,
    seed: int,
    *,
    far: bool = True,
    keep: Iterable[str] = (),
) -> pd.DataFrame:
    """Corrupt rows of a table that has columns with roles; see `corrupt`.

    Identifier, group, query, moments and `keep` stay, so that joins and splits still work. Weights,
    and a target of classes or relevances, become others of those that occur: any value of their
    type would be refused.
    """
    keys = {getattr(columns, key) for key in ("identifier", "group", "query", "time")}
    stay = {name for name in (*keys, *columns.moments(), *keep) if name is not None}
    only = {columns.weight} if task == "regression" else {columns.weight, columns.target}
    levels_only = {name for name in only if name is not None}
    return corrupt(frame, rows, stay, seed, levels_only=levels_only, far=far)


def judge_reruns(
    run: Callable[[Corruption], Made],
    rows: int,
    options: AuditOptions,
    remarks: Iterable[str] = (),
    doubts: Iterable[str] = (),
    **evidence: Any,
) -> Finding:
    """Run three times, twice with nothing changed, and compare.

    What differs between two runs of the same is not reproducible, and says nothing about test rows.
    If the code cannot take values from far away, they are changed within what occurs.

    Args:
        run: Runs everything up to training.
        rows: How many test rows are corrupted.
        options: Waivers.
        remarks: Sentences to add, such as which tables could not be traced.
        doubts: Sentences for which passing would say too much: they warn.
        evidence: More to record.
    """
    first, again = run("none"), run("none")
    errors: list[str] = []
    kinds: tuple[Corruption, ...] = ("far", "near")
    for kind in kinds:
        try:
            perturbed = run(kind)
        except Exception as error:  # the user's code may fail in any way
            errors.append(f"{type(error).__name__}: {error}")
        else:
            break
    else:
        return _cannot_tell(options, errors)
    volatile = differences(first, again)
    outcome = _Outcome(
        found=differences(first, perturbed, ignore=volatile),
        lost=[each for each in volatile if each.judged],
        compared=[name for name, each in first.items() if each.judged],
        rows=rows,
        kind=kind,
    )
    return _conclude(outcome, options, list(remarks), list(doubts), evidence)


class _Outcome(NamedTuple):
    """What the comparison gave."""

    found: list[Difference]
    lost: list[Difference]
    compared: list[str]
    rows: int
    kind: str


def _conclude(
    outcome: _Outcome,
    options: AuditOptions,
    remarks: list[str],
    doubts: list[str],
    evidence: dict[str, Any],
) -> Finding:
    judged = [each for each in outcome.found if each.judged]
    if outcome.lost:
        doubts = [*doubts, _not_reproducible(outcome.lost)]
    accusations = [_accuse(outcome.found, judged, outcome.rows)] if judged else []
    accusations += [Accusation((), "warning", each, 1, 0) for each in doubts]
    remedy = "set every random state from 'params:seed', declare keys, and audit again."
    finding = conclude(
        options,
        ABOUT,
        accusations,
        f"{outcome.rows:,} test rows were corrupted, and nothing that training reads or makes "
        f"changed ({len(outcome.compared)} artifacts compared).",
        REMEDY if judged else remedy,
        test_rows=outcome.rows,
        corruption=outcome.kind,
        artifacts_compared=outcome.compared,
        not_reproducible=[_told(each) for each in outcome.lost],
        differences=[_told(each) for each in outcome.found],
        **evidence,
    )
    return finding.model_copy(update={"message": " ".join([finding.message, *remarks])})


def _told(difference: Difference) -> dict[str, Any]:
    return {**difference._asdict(), "parts": list(difference.parts)}


def differences(one: Made, other: Made, ignore: Iterable[Difference] = ()) -> list[Difference]:
    """List what is not equal in two runs, in the order in which it was made."""
    ignored = {(each.dataset, part) for each in ignore for part in each.parts}
    return [
        Difference(name, one[name].node, parts, one[name].judged)
        for name in one
        if (parts := tuple(_unequal(name, one, other, ignored)))
    ]


def _unequal(name: str, one: Made, other: Made, ignored: set[tuple[str, str]]) -> Iterator[str]:
    here = one[name].parts
    there = other[name].parts if name in other else {}
    for part in dict.fromkeys([*here, *there]):
        if here.get(part) == there.get(part) or (name, part) in ignored:
            continue
        if not MEASURED.search(part):
            yield part


def _not_reproducible(lost: list[Difference]) -> str:
    told = ", ".join(f"'{each.dataset}' ({_named(each.parts)})" for each in lost[:SHOWN])
    return f"Two runs of the same differ in {told}, so these could not be judged."


def _accuse(found: list[Difference], judged: list[Difference], rows: int) -> Accusation:
    first = found[0]
    message = (
        f"When {rows:,} test rows were corrupted, '{first.dataset}' came out otherwise"
        f"{f' in {_named(first.parts)}' if _named(first.parts) else ''}, first of all in the node "
        f"'{first.node}': it learned from test rows."
    )
    reached = [each.dataset for each in judged if each.dataset != first.dataset]
    if reached:
        named = ", ".join(f"'{name}'" for name in reached[:SHOWN])
        more = f" and {len(reached) - SHOWN} more" if len(reached) > SHOWN else ""
        message += f" The difference reaches {named}{more}."
    return Accusation(first.parts, "failed", message, len(judged), 0, rows)


def _named(parts: Iterable[str]) -> str:
    names = [part for part in parts if part != WHOLE]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _cannot_tell(options: AuditOptions, errors: list[str]) -> Finding:
    message = (
        f"With its test rows corrupted the project's code ends in an error ({errors[-1]}), so it "
        "cannot be told whether training depends on them."
    )
    accusation = Accusation((), "warning", message, 1, 0)
    remedy = "let the code take any value of a column's type, or mend it."
    return conclude(options, ABOUT, [accusation], "", remedy, errors=errors)
