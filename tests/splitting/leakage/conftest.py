"""An audit of any table, split in any way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.splitting.leakage.context import Audit
from experiment_cycle.splitting.leakage.options import AuditOptions

Auditing = Callable[..., Audit]


@pytest.fixture(scope="session")
def audit_of(save: Callable[[Any], Any]) -> Auditing:
    """Make the context of an audit: a table, the part of each row, roles, options."""

    def make(frame: pd.DataFrame, part: Any, columns: Columns, **more: Any) -> Audit:
        audit = more.pop("audit", {})
        return Audit(
            save(frame),
            np.asarray(part, dtype=np.int8),
            columns,
            AuditOptions.model_validate(audit),
            **more,
        )

    return make


@pytest.fixture(scope="session")
def ordinary() -> Callable[..., tuple[pd.DataFrame, np.ndarray]]:
    """Draw an innocent table with target `y`, and a random split of it."""

    def draw(rows: int = 1200, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        random = np.random.default_rng(seed)
        frame = pd.DataFrame({f"x{j}": random.normal(size=rows) for j in range(6)})
        frame["visits"] = random.poisson(2, rows)
        frame["region"] = random.choice(list("abcd"), rows)
        signal = frame["x0"] - 0.5 * frame["x1"] + 0.3 * frame["visits"]
        frame["y"] = (signal + random.logistic(size=rows) > 0.6).astype(int)
        part = random.choice(3, rows, p=[0.7, 0.15, 0.15])
        return frame, part

    return draw
