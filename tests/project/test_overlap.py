"""A champion that has seen test rows, through to the decision: its rows left out, or retrained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.soak]

ROWS = 1600
SETTINGS = """
columns:
  target: bought
  identifier: visit
  group: null
  sensitive: []
  drop: []
splitting: {strategy: key_hash, ratios: {train: 0.6, validation: 0.2, test: 0.2}}
tuning: {method: none}
evaluation:
  bootstrap_replicates: 100
  behaviour: []
  slices: {weak: {search: false}}
  what_if: {counterfactuals: 0, features: 1, rows: 20}
hypothesis: {success_criteria: {guardrails: []}, metrics_to_track: []}
training: {estimator: linear, baseline: dummy, check_saved_model: false}
"""
WIDER = "splitting.ratios.train=0.3,splitting.ratios.validation=0.2,splitting.ratios.test=0.5"


def visits() -> pd.DataFrame:
    """Rows whose outcome hangs on one column by its sign, on another by its size alone."""
    generator = np.random.default_rng(2)
    table = pd.DataFrame(generator.normal(size=(ROWS, 3)), columns=["age", "spent", "noise"])
    score = 0.8 * table["age"] + 1.5 * (table["spent"].abs() - 0.8)
    bought = generator.uniform(size=ROWS) < 1 / (1 + np.exp(-score))
    return table.assign(visit=np.arange(ROWS), bought=bought)


def read(project: Path, name: str) -> Any:
    return json.loads(next(project.glob(f"data/*/{name}")).read_text())


def written(project: Path) -> list[str]:
    folder = project / "data/08_reporting"
    return [" ".join((folder / f"report.{kind}").read_text().split()) for kind in ("md", "html")]


@pytest.fixture
def with_champion(project: Path, kedro: Any) -> Path:
    """A champion by the test rows of the first split: logistic regression, against the share."""
    visits().to_parquet(project / "data/01_raw/doctor_visits.parquet", index=False)
    (project / "conf/test/parameters.yml").write_text(SETTINGS)
    done = kedro(project, "run", "--env=test")
    assert done.exit_code == 0, done.output
    assert read(project, "promotion.json")["version"] == 1, done.output
    return project


def test_what_becomes_of_a_champion_that_has_seen_test_rows(
    with_champion: Path, kedro: Any
) -> None:
    project = with_champion
    first = read(project, "split_manifest.json")["parts"]["test"]["rows"]

    # the test set grows by rows that the champion was trained on
    better = "training.estimator=lightgbm"
    done = kedro(
        project, "run", "--env=test", f"--params={better},{WIDER},decision.on_overlap=restrict"
    )
    assert done.exit_code == 0, done.output
    comparison, decision = read(project, "comparison.json"), read(project, "decision.json")
    rows = read(project, "split_manifest.json")["parts"]["test"]["rows"]
    assert comparison["rows"] == first
    assert comparison["overlap"]["left_out"] == rows - first
    assert read(project, "metrics.json")["rows"] == rows
    assert decision["decision"] == "promote", decision["reasons"]
    for text in written(project):
        assert f"{rows - first:,} were left out" in text
        assert f"the verdicts are of the other {first:,}" in text

    # other rows test, and the procedure of the champion stands in
    done = kedro(
        project,
        "run",
        "--env=test",
        "--params=splitting.split_salt=b,decision.on_overlap=retrain",
    )
    assert done.exit_code == 0, done.output
    incumbent, comparison = read(project, "incumbent_record.json"), read(project, "comparison.json")
    assert (incumbent["version"], incumbent["estimator"]) == (2, "lightgbm")
    assert (comparison["retrained"], comparison["overlap"]) == (True, None)
    assert comparison["primary"]["challenger"] < comparison["primary"]["incumbent"]
    assert read(project, "decision.json")["decision"] == "abandon"
    for text in written(project):
        assert "the verdicts are of the two procedures" in text
        assert "values are those of its procedure" in text
