"""Whole cycles on data that grow: the second one keeps to the champion's split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def split_of(project: Path) -> pd.Series:
    file = project / "data" / "03_primary" / "split_assignment.parquet"
    return pd.read_parquet(file)["split"].astype(str)


def read(project: Path, path: str) -> Any:
    return json.loads((project / "data" / path).read_text())


@pytest.fixture(scope="module")
def grown(
    tmp_path_factory: pytest.TempPathFactory, migrated_store: Path, kedro: Any
) -> tuple[Path, pd.Series, pd.Series, pd.DataFrame]:
    """A project whose data grew by new and by old groups after its first champion."""
    from tests.conftest import copy_project

    project = copy_project(tmp_path_factory.mktemp("grown"), migrated_store)
    assert kedro(project, "run", "--env=test").exit_code == 0
    assert read(project, "08_reporting/decision.json")["decision"] == "promote"
    before = split_of(project)

    file = project / "data" / "01_raw" / "doctor_visits.parquet"
    old = pd.read_parquet(file)
    strangers = old.head(300).assign(
        profile=lambda rows: rows["profile"] + 1_000_000, disea=lambda rows: rows["disea"] + 0.5
    )
    data = pd.concat([old, old.tail(50), strangers], ignore_index=True)
    data.to_parquet(file)
    done = kedro(project, "run", "--env=test", "--params=seed=7")
    assert done.exit_code == 0, done.output
    return project, before, split_of(project), data


def test_old_rows_stay_although_the_seed_is_another(
    grown: tuple[Path, pd.Series, pd.Series, pd.DataFrame],
) -> None:
    project, before, after, data = grown

    assert after.iloc[: len(before)].tolist() == before.tolist()
    assert after.groupby(data["profile"]).nunique().max() == 1
    manifest = read(project, "03_primary/split_manifest.json")
    assert manifest["inherited"]["version"] == 1
    assert manifest["guarantees"]["old_rows_not_moved"] is True


def test_so_the_champion_has_seen_no_test_row(
    grown: tuple[Path, pd.Series, pd.Series, pd.DataFrame],
) -> None:
    project, *_ = grown
    gates = {gate["code"]: gate["status"] for gate in read(project, "08_reporting/gates.json")}

    assert gates["incumbent_unseen"] == "passed"
    assert read(project, "08_reporting/comparison.json")["incumbent_kind"] == "champion"


def test_another_strategy_starts_anew_and_runs_to_its_end(
    grown: tuple[Path, pd.Series, pd.Series, pd.DataFrame], kedro: Any
) -> None:
    project, *_ = grown
    leaky = "splitting.strategy=stratified,splitting.override_reason=demonstration"

    done = kedro(project, "run", "--env=test", f"--params={leaky}")

    gates = {gate["code"]: gate["status"] for gate in read(project, "08_reporting/gates.json")}
    assert done.exit_code == 0, done.output
    assert "The split starts anew" in done.output
    assert read(project, "03_primary/split_manifest.json")["inherited"] is None
    assert gates["no_leakage"] == gates["incumbent_unseen"] == "failed"
    assert read(project, "08_reporting/decision.json")["decision"] == "iterate"
