"""The parameters of the run that a champion comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import yaml

CONFIGURATION = "configuration.yml"


def options_of(run_id: str) -> dict[str, Any]:
    """Read the parameters of a recorded run; empty where they are gone or cannot be read."""
    try:
        local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=CONFIGURATION)
        found = yaml.safe_load(Path(local).read_text())
    except (mlflow.MlflowException, OSError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
