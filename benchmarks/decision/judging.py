"""One comparison, from a table of predictions to the decision, by the project's own functions."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.decision.comparison import compare
from experiment_cycle.decision.families import TestSet
from experiment_cycle.decision.options import DecisionOptions
from experiment_cycle.decision.records import Comparison, Decision, Gate
from experiment_cycle.decision.rule import decide
from experiment_cycle.hypothesis import Hypothesis
from experiment_cycle.problem import ProblemType
from experiment_cycle.row_keys import hash_rows

CLASSES = {"binary": [0, 1], "multiclass": ["a", "b", "c"]}


@dataclass(frozen=True, eq=False)
class Judge:
    """All that `compare` and `decide` want besides the predictions; every gate has passed.

    Attributes:
        problem: What is predicted.
        metric: Of the primary criterion.
        rows: How many rows a test set has; they are numbered from 0.
        expected: The improvement that is claimed.
        planned_looks: One comparison a test set; None: the levels go down as in alpha-investing.
        failed: Gates that did not pass.
        tracked: Further metrics that are measured.
    """

    problem: ProblemType
    metric: str
    rows: int
    expected: float
    planned_looks: int | None = 1
    failed: tuple[str, ...] = ()
    tracked: tuple[str, ...] = ()

    @cached_property
    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """Where the ledgers are, in memory where the machine has such a place."""
        memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
        return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)

    @cached_property
    def hypothesis(self) -> Hypothesis:
        """One criterion, no guardrails."""
        primary = {"metric": self.metric, "expected_improvement": self.expected}
        return Hypothesis.model_validate(
            {
                "id": "H1",
                "statement": "The challenger is better.",
                "expected_outcome": "It shows.",
                "success_criteria": {"primary": primary},
                "metrics_to_track": list(self.tracked),
                "alpha": 0.05,
            }
        )

    @cached_property
    def options(self) -> DecisionOptions:
        """The defaults, but for the looks."""
        return DecisionOptions(registered_model="m", planned_looks=self.planned_looks)

    @cached_property
    def gates(self) -> list[Gate]:
        """Every gate there is, passed, but for those that failed."""
        return [
            Gate(
                code=code,
                title=code,
                status="failed" if code in self.failed else "passed",
                required=need == "required",
                evidence="",
            )
            for code, need in self.options.gates
        ]

    @cached_property
    def test_set(self) -> TestSet:
        """The same rows at every comparison."""
        keys = pd.DataFrame({"unit": pd.util.hash_array(np.arange(self.rows))})
        return TestSet.of(keys, keys, Columns(target="y", identifier="id"), {})

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """A split manifest, of which the test rows count."""
        part = {
            "rows": self.rows,
            "share": 0.15,
            "groups": None,
            "positive_share": None,
            "rows_hash": hash_rows(np.arange(self.rows)),
        }
        return {
            "hash": "c" * 64,
            "content_hash": "d" * 64,
            "strategy": "random",
            "seed": 1,
            "requested": {"train": 0.7, "validation": 0.15, "test": 0.15},
            "parts": {"test": part},
            "guarantees": {"every_row_once": True},
            "override_reason": None,
        }

    @cached_property
    def records(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The records of challenger and incumbent."""
        problem = {"type": self.problem}
        if self.problem in CLASSES:
            problem["classes"] = CLASSES[self.problem]
        threshold = {"value": 0.5, "choose_by": "fixed", "detail": "As configured."}
        binary = self.problem == "binary"
        of_both: dict[str, Any] = {"problem": problem, "hyperparameters": {}}
        challenger = {
            **of_both,
            "identity": "a" * 64,
            "estimator": "x",
            "features": ["x"],
            "best_step": None,
            "threshold": threshold if binary else None,
        }
        incumbent = {
            **of_both,
            "kind": "champion",
            "identity": "b" * 64,
            "estimator": "y",
            "registered_model": "m",
            "version": 1,
            "threshold": 0.5 if binary else None,
        }
        return challenger, incumbent

    def judge(
        self, predictions: pd.DataFrame, ledger: Path | None = None
    ) -> tuple[Comparison, Decision]:
        """Compare and decide.

        Args:
            predictions: Of the test rows, as `Predictions` describes them.
            ledger: Where the looks are counted; None: nobody looked before.
        """
        own = ledger or Path(self.folder.name) / "ledger.jsonl"
        challenger, incumbent = self.records
        comparison = compare(
            predictions,
            pd.DataFrame(),
            challenger,
            incumbent,
            self.manifest,
            self.hypothesis,
            self.options,
            self.test_set,
            own,
        )
        if ledger is None:
            own.unlink()
        return comparison, decide(comparison, self.gates, self.hypothesis, self.options)
