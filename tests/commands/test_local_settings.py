from __future__ import annotations

from pathlib import Path

from experiment_cycle.commands.local_settings import local_settings
from experiment_cycle.commands.run_command import run_command
from experiment_cycle.reporting.reproduction import reproduction


def test_keys_are_listed_and_values_and_credentials_never(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    (local / "parameters.yml").write_text("tuning: {trials: 3, space: {}}\nseed: 7\n")
    (local / "tracking.yml").write_text("token: hunter2\n")
    (local / "credentials.yml").write_text("store: {password: hunter2}\n")
    (local / "catalog.yml").write_text("raw: [unclosed\n")

    command = run_command(None, "local", {"seed": 1}, tmp_path)

    assert "hunter2" not in command
    assert reproduction(command) == {
        "command": "kedro run --params=seed=1",
        "local_keys": ["catalog.yml", "tuning.trials", "tuning.space", "seed", "token"],
    }


def test_another_environment_does_not_read_them(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "parameters.yml").write_text("seed: 7\n")
    assert run_command("regression", "local", {}, tmp_path) == "kedro run --env=regression"
    assert local_settings(tmp_path / "nowhere") == []
