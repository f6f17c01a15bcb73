"""What a run logs is in its record, however the run ends."""

from __future__ import annotations

import logging
from pathlib import Path

import mlflow
import pytest

from experiment_cycle.tracking.record import read_back, recorded_artifacts
from experiment_cycle.tracking.run_log import RunLog
from experiment_cycle.tracking.secrets import Secrets

logger = logging.getLogger("experiment_cycle.something")


def recorded_log() -> str:
    (path,) = recorded_artifacts()
    assert path.startswith("logs/")
    return read_back(path).decode()


def test_the_log_of_a_run_is_an_artifact(store: Path) -> None:
    log = RunLog(store / "reports" / "run.log", Secrets(["planted-secret"]))
    with mlflow.start_run() as run:
        logger.error("before")
        log.open()
        logger.error("said in\nthe middle")
        log.close(run.info.run_id, "The run is finished.")
        logger.error("after")
        text = recorded_log()
    assert "ERROR    experiment_cycle.something: said in\nthe middle" in text
    assert text.strip().endswith("The run is finished.")
    assert "before" not in text
    assert "after" not in text
    assert (store / "reports" / "run.log").read_text() == text


def test_what_ended_a_run_is_in_its_log_with_the_way_there(store: Path) -> None:
    log = RunLog(store / "run.log", Secrets(()))

    def failing() -> None:
        raise ValueError("no such column")

    with mlflow.start_run() as run:
        log.open()
        try:
            failing()
        except ValueError as error:
            log.close(run.info.run_id, "The run failed.", error)
        text = recorded_log()
    assert "in failing" in text
    assert "ValueError: no such column" in text


def test_a_record_that_takes_no_log_does_not_fail_the_run(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = RunLog(store / "run.log", Secrets(()))
    log.open()
    log.close("no such run", "The run is finished.")
    assert "did not get into the record" in caplog.text
    # closed once, there is nothing more to close
    log.close("no such run", "The run is finished.")


def test_secrets_are_not_in_the_log_nor_in_its_traceback(store: Path) -> None:
    log = RunLog(store / "run.log", Secrets(["planted-secret"]))

    def failing() -> None:
        raise ValueError("key planted-secret was refused")

    with mlflow.start_run() as run:
        log.open()
        logger.error("planted-secret")
        try:
            failing()
        except ValueError as error:
            log.close(run.info.run_id, "The run failed.", error)
        text = recorded_log()
    assert "key *** was refused" in text
    assert "planted-secret" not in text + (store / "run.log").read_text()
