"""Dataset versions from end to end: pinned runs, and a crash on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

RAW = Path("data/01_raw/doctor_visits.parquet")
STAGE = ("run", "--env=test", "--pipelines=data_versioning")


def version(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (project / "data/02_intermediate/dataset_version.json").read_text()
    )
    return found


def snapshot(project: Path) -> bytes:
    return (project / "data/02_intermediate/dataset.parquet").read_bytes()


def grow(project: Path) -> None:
    table = pd.read_parquet(project / RAW)
    pd.concat([table, table.head(100).assign(visits=3)]).to_parquet(project / RAW, index=False)


@pytest.mark.parametrize("backend", ["dvc", "delta"])
def test_a_pinned_run_uses_that_version_whatever_the_raw_data_are_now(
    project: Path, kedro: Any, backend: str
) -> None:
    chosen = f"data_versioning.backend={backend}"
    assert kedro(project, *STAGE, f"--params={chosen},data_versioning.tag=first").exit_code == 0
    first, bytes_of_first = version(project), snapshot(project)
    grow(project)
    assert kedro(project, *STAGE, f"--params={chosen}").exit_code == 0
    assert version(project)["rows"] == first["rows"] + 100
    (project / RAW).unlink()

    for name in ("first", first["content_hash"][:10]):
        done = kedro(project, *STAGE, f"--params={chosen},data_versioning.version={name}")
        assert done.exit_code == 0, done.output
        assert version(project) == first
    if backend == "dvc":
        assert snapshot(project) == bytes_of_first
    assert not list((project / "data/02_intermediate/staging").glob("*"))


def test_a_pinned_version_that_was_altered_stops_the_run_and_leaves_the_dataset(
    project: Path, kedro: Any
) -> None:
    assert kedro(project, *STAGE).exit_code == 0
    first = version(project)
    grow(project)
    assert kedro(project, *STAGE).exit_code == 0
    held = snapshot(project)
    kept = project / ".dvc/cache/files/md5" / first["id"][:2] / first["id"][2:]
    kept.chmod(0o644)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")

    done = kedro(project, *STAGE, f"--params=data_versioning.version={first['id']}")

    assert done.exit_code == 1
    assert done.output.count("Error: ") == 1, done.output
    assert "was altered" in done.output
    assert "Traceback" not in done.output
    assert snapshot(project) == held


def test_an_unknown_version_is_told_with_the_nearest_ones(project: Path, kedro: Any) -> None:
    assert kedro(project, *STAGE, "--params=data_versioning.tag=before-reform").exit_code == 0

    done = kedro(project, *STAGE, "--params=data_versioning.version=before-refrom")

    assert done.exit_code == 1
    assert done.output.count("Error: ") == 1, done.output
    assert "before-reform" in done.output
    assert version(project)["id"][:8] in done.output
    assert "Traceback" not in done.output


def start(project: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kedro", *STAGE]
    return subprocess.Popen(
        command, cwd=project, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_a_run_killed_between_snapshot_and_commit_is_completed_by_the_next(
    project: Path, kedro: Any
) -> None:
    process = start(project)
    made = project / "data/02_intermediate/dataset.parquet"
    until = time.monotonic() + 60
    while not made.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert made.exists()
    assert not (project / "data/02_intermediate/dataset_version.json").exists()

    done = kedro(project, *STAGE)

    assert done.exit_code == 0, done.output
    assert version(project)["rows"] == 20_190
    log = project / "data/02_intermediate/dataset.versions.jsonl"
    assert len(log.read_text().splitlines()) == 1
