"""Clean tables of every problem type: no check fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.strategies import assign

Save = Callable[[Any], Any]
ROWS = 480
MODES = Path(__file__).parents[3] / "data" / "01_raw" / "mode_choice.parquet"


def clean(kind: str, seed: int) -> tuple[pd.DataFrame, Columns, Task]:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(ROWS, 3)), columns=list("abc"))
    frame["d"] = random.choice(list("uvwxyz"), ROWS)
    signal = frame["a"] + frame["b"] / 2 + (frame["d"] == "u") + random.normal(size=ROWS)
    columns = Columns(target="y")
    if kind == "regression":
        return frame.assign(y=10 * signal), columns, "regression"
    if kind == "counts":
        return frame.assign(y=random.poisson(np.exp(signal / 2))), columns, "regression"
    if kind == "classes":
        return frame.assign(y=pd.qcut(signal, 6, labels=False)), columns, "classification"
    queries = np.repeat(np.arange(ROWS // 6), 6)
    frame["of_query"] = random.normal(size=ROWS // 6)[queries]
    frame = frame.assign(q=queries, y=np.clip(np.floor(signal), 0, 4).astype(int))
    return frame, Columns(target="y", query="q"), "ranking"


def failed(save: Save, frame: pd.DataFrame, columns: Columns, task: Task, seed: int) -> list[str]:
    snapshot = save(frame)
    options = SplittingOptions(strategy="random")
    assignment = assign(snapshot, columns, options, seed, task=task)
    report = audit_leakage(snapshot, assignment, columns, options, seed=seed)
    return [finding.code for finding in report.findings if finding.status == "failed"]


@pytest.mark.parametrize("kind", ["regression", "counts", "classes", "ranking"])
def test_no_check_fails_on_a_clean_table(save: Save, kind: str) -> None:
    assert failed(save, *clean(kind, 3), 3) == []


@pytest.mark.parametrize("kind", ["regression", "ranking"])
def test_a_copy_of_the_target_is_found_whatever_it_is(save: Save, kind: str) -> None:
    frame, columns, task = clean(kind, 4)
    noise = 1 + 1e-9 * np.random.default_rng(0).normal(size=ROWS)

    assert "LEAK004" in failed(save, frame.assign(copy=frame["y"] * noise), columns, task, 4)


@pytest.mark.parametrize("seed", [0, 5])
def test_like_items_of_other_queries_are_no_undeclared_groups(save: Save, seed: int) -> None:
    columns = Columns(target="chosen", query="traveller", drop=("terminal_wait",))

    assert failed(save, pd.read_parquet(MODES), columns, "ranking", seed) == []
