"""`kedro cycle what-if`: what it serves, and what it says when it cannot."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from experiment_cycle.evaluation.what_if.front_end import INSTALL

OPENINGS = "data/03_primary/test_openings.jsonl"


def call(project: Path, *arguments: str) -> Any:
    from kedro.framework.startup import bootstrap_project

    from experiment_cycle.commands.what_if import what_if

    return CliRunner().invoke(
        what_if, ["--env=test", *arguments], obj=bootstrap_project(project), env={"COLUMNS": "140"}
    )


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package where the tool would be; its page is a stand-in, and importing it fails."""
    package = tmp_path / "installed" / "witwidget"
    (package / "static").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('it is never imported')")
    (package / "static" / "wit_jupyter.html").write_text("<wit-dashboard id='wit'></wit-dashboard>")
    monkeypatch.syspath_prepend(str(package.parent))
    return package.parent


def test_a_missing_tool_is_named_with_the_line_that_gets_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiment_cycle.evaluation.what_if.front_end.PACKAGE", "no_such_package")

    done = call(project)

    assert done.exit_code == 1
    assert done.output.startswith("Error: The What-If Tool is not installed.")
    assert INSTALL in done.output


def test_without_a_run_there_is_nothing_to_play_with(project: Path, tool: Path) -> None:
    del tool

    done = call(project)

    assert done.exit_code == 1
    assert "There is nothing to play with yet" in done.output
    assert "kedro run" in done.output
    assert not (project / OPENINGS).exists(), "nothing was opened"


@pytest.mark.slow
def test_a_port_in_use_is_named(finished_project: Path, tool: Path, tmp_path: Path) -> None:
    del tool
    project = shutil.copytree(finished_project, tmp_path / "project")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = call(project, f"--port={port}")

    assert done.exit_code == 1
    assert f"Error: Port {port} is in use" in done.output
    assert "--port" in done.output


@pytest.fixture
def served(finished_project: Path, tool: Path, tmp_path: Path) -> Iterator[tuple[Any, str, Path]]:
    """The command in a process of its own, its address and the project."""
    project = shutil.copytree(finished_project, tmp_path / "project")
    code = (
        f"import sys; sys.path.insert(0, {str(tool)!r})\n"
        "from experiment_cycle.commands.what_if import what_if\n"
        "from kedro.framework.startup import bootstrap_project\n"
        f"what_if(['--env=test', '--port=0'], obj=bootstrap_project({str(project)!r}))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project,
        text=True,
    )
    line = process.stdout.readline() if process.stdout else ""
    try:
        yield process, line.split()[2], project
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_the_fitted_models_answer_until_ctrl_c(served: tuple[Any, str, Path]) -> None:
    process, address, project = served
    assert address.startswith("http://127.0.0.1:")

    page = urlopen(address).read().decode()  # noqa: S310
    content = json.loads(
        page.split('<script type="application/json" id="what-if">')[1].split("</script>")[0]
    )
    request = Request(  # noqa: S310
        f"{address}infer",
        json.dumps({"examples": content["examples"][:20]}).encode(),
        {"Content-Type": "application/json"},
    )
    answered = json.loads(urlopen(request).read())  # noqa: S310

    assert content["mode"] == "live"
    for model in ("challenger", "incumbent"):
        stored = [each["classes"][1]["score"] for each in content["inferences"][model][:20]]
        now = [each["classes"][1]["score"] for each in answered[model]]
        assert now == pytest.approx(stored, abs=1e-12)
    last = json.loads((project / OPENINGS).read_text().splitlines()[-1])
    assert (last["what"], last["dataset"], last["node"]) == (
        "opened",
        "test",
        "kedro cycle what-if",
    )

    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert rest.strip() == ""
    assert "Traceback" not in errors
