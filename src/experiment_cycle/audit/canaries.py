"""The canaries and the fit witness on the project's own pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.audit.frames import as_frame, as_type_of
from experiment_cycle.audit.known_rows import KnownRows, RowBook
from experiment_cycle.audit.label_shuffle import Labels, Predicted, label_shuffle_finding
from experiment_cycle.audit.perturbation import Corruption, Made, corrupt_table, judge_reruns
from experiment_cycle.audit.rerun import MODELS, Harness, Rerun
from experiment_cycle.audit.route import DATASET, TRAIN
from experiment_cycle.audit.tracing import Cut, Mask
from experiment_cycle.audit.witness import FitWitness, Seen
from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.metrics.outcomes import Floats
from experiment_cycle.problem import Problem, Task
from experiment_cycle.sealed import SEALED
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.parts import part_codes
from experiment_cycle.splitting.records import Finding
from experiment_cycle.training.predicting import predict_outputs

Step = Callable[[str], None]
"""Told what has just been done."""


@dataclass(eq=False)
class Canaries:
    """Runs what is to be tried on one project.

    Attributes:
        harness: Runs the route from the raw tables, or from the dataset where nothing prepares it.
        plain: Runs the route from the dataset.
        columns: The roles of the columns.
        task: What the target is predicted as.
        few_trials: Parameters of a rerun that searches; see `shortened`.
        no_search: Parameters of a rerun that does not.
        seed: Where all random choices come from.
        options: Waivers.
        keep: Columns that are never corrupted, besides those with a role as a key.
        on_step: Told after each rerun.
    """

    harness: Harness
    plain: Harness
    columns: Columns
    task: Task
    few_trials: dict[str, Any]
    no_search: dict[str, Any]
    seed: int
    options: AuditOptions
    keep: frozenset[str] = frozenset()
    on_step: Step = lambda step: None
    seen: list[Seen] = field(default_factory=list)
    """What the fit witness saw in the first rerun."""

    @cached_property
    def cut(self) -> Cut:
        """The table that is split, and how.

        Raises:
            DataError: made again, it has other rows than were split.
        """
        return _cut(self.harness, self.columns)

    def watch_fits(self) -> None:
        """Run once with nothing changed, and fill in what the fit witness saw."""
        self._first(self._frames(self.harness))

    def perturb(self) -> Finding:
        """Corrupt the test rows in every table in which they can be found; see `judge_reruns`."""
        harness, cut = self.harness, self.cut
        doubts: list[str] = []
        untraced: list[str] = []
        frames, found, lost = self._trace(harness, cut)
        if not found and harness is not self.plain:
            doubts = [f"{_untraced(lost)} So no step of data_preparation was tried."]
            untraced = lost
            harness = self.plain
            cut = _cut(harness, self.columns)
            frames, found, lost = self._trace(harness, cut)
        if not found:
            raise DataError(
                "The test rows cannot be found in the tables that the pipelines begin with: rows "
                "come or go before the split. Next step: declare columns.identifier or "
                "columns.group."
            )

        def run(corruption: Corruption) -> Made:
            given = {
                name: self._corrupted(frame, found.get(name), corruption, place)
                for place, (name, frame) in enumerate(frames.items())
            }
            if corruption == "none" and harness is self.harness and not self.seen:
                made = self._first(given).made
            else:
                made = harness.run(_like(harness, given), self.few_trials, cut).made
            self.on_step(f"perturbation, {corruption}")
            return made

        rows = max(int(mask.sum()) for mask, _ in found.values())
        known_by = {name: how for name, (_, how) in found.items()}
        remarks = [_untraced(lost)] if lost else []
        evidence = {"tables": known_by, "tables_not_traced": [*untraced, *lost]}
        return judge_reruns(run, rows, self.options, remarks, doubts, **evidence)

    def _trace(
        self, harness: Harness, cut: Cut
    ) -> tuple[dict[str, pd.DataFrame], dict[str, tuple[Mask, str]], list[str]]:
        """Read the tables a route begins with, and find the test rows in each."""
        frames = self._frames(harness)
        traced = {name: cut.find_test_rows(frame) for name, frame in frames.items()}
        found = {name: each for name, each in traced.items() if each is not None}
        return frames, found, [name for name in frames if name not in found]

    def shuffle_labels(self, shuffles: int) -> Finding:
        """Train on shuffled labels; see `label_shuffle_finding`."""
        harness, remarks = self.harness, []
        frames = self._frames(harness)
        name = next(
            (
                name
                for name, frame in frames.items()
                if self.columns.target in frame.columns and self.cut.has_same_rows(frame)
            ),
            None,
        )
        if name is None:
            harness, name = self.plain, DATASET
            frames = self._frames(harness)
            remarks.append(
                "The target comes into being, or rows come and go, in data_preparation: it was "
                "shuffled in 'dataset', and the steps before it were not tried."
            )
        frame = frames[name]
        cut = _cut(harness, self.columns)
        models = harness.as_far_as_models()

        def train(shuffled: pd.Series) -> Predicted:
            given = {name: frame.assign(**{self.columns.target: shuffled.array})}
            rerun = models.run(_like(harness, given), self.no_search, cut, hash_parts=False)
            return self._predict(rerun, shuffled)

        return label_shuffle_finding(
            train,
            Labels(frame[self.columns.target], self.task, self._groups(cut)),
            self.seed,
            shuffles,
            self.options,
            remarks,
            lambda: self.on_step("shuffle"),
        )

    def _predict(self, rerun: Rerun, shuffled: pd.Series) -> Predicted:
        """Let the models of a rerun predict its test rows."""
        test, train = (as_frame(rerun.kept.get(name)) for name in (SEALED, TRAIN))
        if test is None or train is None or test.index.name != ROW:
            raise DataError(
                f"The node that cuts the table makes no '{SEALED}' with the index {ROW}."
            )
        whole = rerun.table
        if whole is None or not np.array_equal(
            whole[self.columns.target].to_numpy(), shuffled.to_numpy()
        ):
            raise DataError("Rows came or went, so that the shuffled labels cannot be followed.")
        problem = Problem.of(self.task, train[self.columns.target], self.columns)
        models = {name: rerun.kept[name] for name in MODELS if name in rerun.kept}
        scores = {name: _outputs(model, test, problem) for name, model in models.items()}
        return Predicted(test.index.to_numpy(), scores, problem.classes)

    def _first(self, frames: dict[str, pd.DataFrame]) -> Rerun:
        """Run the whole route with nothing changed, and listen to every fit."""
        harness, cut = self.harness, self.cut

        parts = {name: cut.find_parts(frame) for name, frame in frames.items()}
        known = [KnownRows(frames[name], part) for name, part in parts.items() if part is not None]

        @contextmanager
        def watch(node: Callable[[], str]) -> Iterator[None]:
            with FitWitness(RowBook([KnownRows(cut.frame, cut.part), *known]), node) as witness:
                yield
            self.seen = witness.seen

        return harness.run(_like(harness, frames), self.few_trials, cut, watch=watch)

    def _frames(self, harness: Harness) -> dict[str, pd.DataFrame]:
        frames = {name: as_frame(table) for name, table in harness.tables().items()}
        return {name: frame for name, frame in frames.items() if frame is not None}

    def _corrupted(
        self,
        frame: pd.DataFrame,
        traced: tuple[Mask, str] | None,
        corruption: Corruption,
        place: int,
    ) -> pd.DataFrame:
        if traced is None or corruption == "none":
            return frame
        far = corruption == "far"
        seed = self.seed + place
        columns, task = self.columns, self.task
        return corrupt_table(frame, traced[0], columns, task, seed, far=far, keep=self.keep)

    def _groups(self, cut: Cut) -> npt.NDArray[np.int64] | None:
        columns = self.columns
        # of a ranking whole queries are drawn, whatever their queries belong to
        unit = columns.query if self.task == "ranking" else columns.group or columns.query
        if unit is None or unit not in cut.frame.columns:
            return None
        return columns.model_copy(update={"group": unit}).groups(cut.frame)


def _cut(harness: Harness, columns: Columns) -> Cut:
    frame = harness.cut_table()
    if len(frame) != len(harness.assignment):
        raise DataError(
            f"Made again, '{harness.route.table}' has {len(frame):,} rows, but "
            f"{len(harness.assignment):,} were split: the raw tables, the code or the parameters "
            "have changed since. Next step: kedro run, and audit again."
        )
    return Cut(frame, part_codes(harness.assignment), columns)


def _like(harness: Harness, frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Give frames the type of the tables that nodes expect."""
    tables = harness.tables()
    return {name: as_type_of(tables[name], frame) for name, frame in frames.items()}


def _outputs(model: Any, test: pd.DataFrame, problem: Problem) -> Floats:
    names = getattr(model, "feature_names_in_", test.columns)
    return predict_outputs(model, test[[str(name) for name in names]], problem)


def _untraced(names: list[str]) -> str:
    told = ", ".join(f"'{name}'" for name in names)
    return (
        f"In {told} the test rows could not be found (no identifier, group or query column, and "
        "not the rows of the dataset in their order), so they were left as they are there."
    )
