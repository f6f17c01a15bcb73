"""Stages run alone and again: one cycle, one record."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.conftest import Finished, Kedro

pytestmark = pytest.mark.slow


def runs(project: Path) -> list[Run]:
    client = MlflowClient(tracking_uri=f"sqlite:///{project}/mlflow.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["attributes.start_time DESC"]))


def decision(project: Path) -> dict[str, object]:
    return dict(json.loads((project / "data/08_reporting/decision.json").read_text()))
