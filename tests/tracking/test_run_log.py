"""What a run logs is in its file, however the run ends."""

from __future__ import annotations

import logging
from pathlib import Path

from experiment_cycle.tracking.run_log import RunLog
from experiment_cycle.tracking.secrets import Secrets

logger = logging.getLogger("experiment_cycle.something")


def failing() -> None:
    raise ValueError("key planted-secret was refused")


def closed(log: RunLog, ending: str, error: BaseException | None = None) -> str:
    kept = log.close(ending, error)
    assert kept is not None
    file, path = kept
    assert path.startswith("logs/")
    assert path.endswith(".log")
    return file.read_text()


def test_the_file_holds_what_was_logged_while_it_was_open(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "reports" / "run.log", Secrets(()))
    logger.error("before")
    log.open()
    logger.error("said in\nthe middle")
    text = closed(log, "The run is finished.")
    logger.error("after")
    assert "ERROR    experiment_cycle.something: said in\nthe middle" in text
    assert text.strip().endswith("The run is finished.")
    assert "before" not in text
    assert (tmp_path / "reports" / "run.log").read_text() == text
    # closed once, there is nothing more to close
    assert log.close("The run is finished.") is None


def test_what_ended_a_run_is_in_its_log_with_the_way_there_and_without_secrets(
    tmp_path: Path,
) -> None:
    log = RunLog(tmp_path / "run.log", Secrets(["planted-secret"]))
    log.open()
    logger.error("planted-secret")
    try:
        failing()
    except ValueError as error:
        text = closed(log, "The run failed.", error)
    assert "in failing" in text
    assert "ValueError: key *** was refused" in text
    assert "planted-secret" not in text
