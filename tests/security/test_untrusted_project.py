"""A project from an untrusted source: what is only looked at is not executed."""

from __future__ import annotations

import json
import os
import pickle
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import skops.io
import yaml
from sklearn.preprocessing import FunctionTransformer

import experiment_cycle
from experiment_cycle.datasets.skops_model import load_model
from experiment_cycle.errors import ConfigurationError, IntegrityError
from experiment_cycle.testing.studies import a_study
from experiment_cycle.tracking.contract import RunDescription
from experiment_cycle.tracking.trackers.local import LocalTracker
from experiment_cycle.tuning.store import StudyStore
from experiment_cycle.yaml_size import check_size


class Poison:
    """Makes a file when it is read back from a pickle."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "executed"


def test_the_poison_works(marker: Path) -> None:
    pickle.loads(pickle.dumps(Poison(marker)))  # noqa: S301

    assert marker.exists()


def as_pickle(file: Path, marker: Path) -> None:
    file.write_bytes(pickle.dumps(Poison(marker)))


def as_function(file: Path, marker: Path) -> None:
    skops.io.dump(FunctionTransformer(func=os.mkdir, kw_args={"path": str(marker)}), file)


def as_constructor(file: Path, marker: Path) -> None:
    """Let the file's description ask for a call, in place of a class."""
    node = {
        "__class__": "mkdir",
        "__module__": "os",
        "__loader__": "ReduceNode",
        "__reduce__": {"args": {"__class__": "str", "__module__": "builtins"}},
    }
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", json.dumps({"protocol": 2, **node}))


def as_way_out(file: Path, marker: Path) -> None:
    """Let a member of the archive lie outside of it."""
    skops.io.dump(FunctionTransformer(func=os.mkdir), file)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(f"../{marker.name}", "escaped")


@pytest.mark.parametrize("poisoned", [as_pickle, as_function, as_constructor, as_way_out])
def test_a_poisoned_model_is_refused_and_not_executed(
    tmp_path: Path, marker: Path, poisoned: Any
) -> None:
    file = tmp_path / "models" / "challenger.skops"
    file.parent.mkdir()
    poisoned(file, marker)

    with pytest.raises(IntegrityError, match=r"nothing of it was loaded|is damaged") as refused:
        load_model(file)

    assert str(file) in str(refused.value)
    assert not marker.exists()


def test_a_poisoned_study_is_refused_and_not_executed(tmp_path: Path, marker: Path) -> None:
    study = a_study()
    store = StudyStore(tmp_path, study)
    (tmp_path / f"{study.key}.journal").write_bytes(pickle.dumps(Poison(marker)) + b"\n")

    with pytest.raises(IntegrityError, match="damaged"):
        store.read()

    assert not marker.exists()


def test_only_work_that_a_run_hands_to_its_own_processes_is_unpickled() -> None:
    source = Path(experiment_cycle.__file__).parent
    reads = re.compile(
        r"(pickle|joblib|torch|dill)\.loads?\((?!.*weights_only=True)|allow_pickle=True|yaml\.(unsafe_)?load\("
    )

    found = {
        file.relative_to(source).as_posix()
        for file in source.rglob("*.py")
        if reads.search(file.read_text(encoding="utf-8"))
    }

    assert found == {"tuning/hand_over.py"}


@pytest.mark.parametrize("path", ["../out.txt", "/tmp/../../out.txt", "a/../../../out.txt"])  # noqa: S108
def test_an_artifact_does_not_leave_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = LocalTracker({"folder": "records"}, {}, tmp_path)
    run = RunDescription(run_id="0" * 32, experiment="e", name="n", description="")
    tracker.open(run, resumed=False)
    (tmp_path / "file").write_text("content")

    with pytest.raises(ValueError, match="outside the record"):
        tracker.log_artifact(tmp_path / "file", path)

    assert list(tmp_path.rglob("out.txt")) == []


@pytest.mark.parametrize("run_id", ["../evil", "/tmp/evil", "..", ""])  # noqa: S108
def test_a_record_does_not_leave_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_id: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run = RunDescription(run_id=run_id, experiment="e", name="n", description="")

    with pytest.raises(ValueError, match="outside"):
        LocalTracker({"folder": "records"}, {}, tmp_path).open(run, resumed=False)

    assert list(tmp_path.iterdir()) == []


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        names = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{names}]")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("text", [bomb(10), bomb(40), "a: &a [*a]\n", "a: &a {b: *a}\n"])
def test_a_bomb_in_yaml_is_refused_before_it_grows(tmp_path: Path, text: str) -> None:
    (tmp_path / "parameters_x.yml").write_text(text)
    before = time.process_time()

    with pytest.raises(ConfigurationError, match=r"parameters_x\.yml stands for more than 100,000"):
        check_size([tmp_path])

    assert time.process_time() - before < 5


def test_ordinary_aliases_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "parameters_x.yml").write_text(bomb(3) + "b: {<<: {c: 1}, d: *a0}\n")

    check_size([tmp_path])


def test_commands_refuse_a_bomb(project: Path, kedro: Any) -> None:
    (project / "conf/local").mkdir(exist_ok=True)
    (project / "conf/local/parameters_bomb.yml").write_text(bomb(12))

    for command in (["run"], ["cycle", "runs"], ["cycle", "data", "log"]):
        done = kedro(project, *command)

        assert done.exit_code == 1
        assert "stands for more than" in " ".join(done.output.split())


OWN = {
    "hypothesis": {"metrics_to_track": ["poison_metric.costs:lower"]},
    "decision": {"own_gates": {"g": {"path": "poison_gate.passes", "need": "required"}}},
    "training": {
        "estimator": "custom",
        "estimators": {"custom": {"path": "poison_estimator.Model"}},
        "preprocessing": {"transformer": "poison_transformer.Features"},
    },
}
KINDS = ("metric", "gate", "estimator", "transformer")


def test_looking_at_a_project_does_not_import_what_dotted_paths_name(
    project: Path, kedro: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(project / "src")
    for kind in KINDS:
        made = str(project / f"executed_{kind}")
        (project / f"src/poison_{kind}.py").write_text(f"import os\nos.mkdir({made!r})\n")
    (project / "conf/local").mkdir(exist_ok=True)
    (project / "conf/local/parameters.yml").write_text(yaml.safe_dump(OWN))

    for command in (
        ["--help"],
        ["cycle", "--help"],
        ["cycle", "runs"],
        ["cycle", "data", "log"],
        ["cycle", "clean", "--dry-run"],
    ):
        done = kedro(project, *command)

        assert done.exit_code == 0, done.output
        assert list(project.glob("executed_*")) == [], command

    assert kedro(project, "run").exit_code == 1
    # a run was asked for: it does import them
    assert {file.name for file in project.glob("executed_*")} == {f"executed_{x}" for x in KINDS}
