from __future__ import annotations

import hashlib
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from experiment_cycle.training.environment import CodeState, code_state, describe_environment
from experiment_cycle.training.gpu import gpu_names


def git(folder: Path, *arguments: str, stdin: str | None = None) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "code"
    (folder / "data" / "08_reporting").mkdir(parents=True)
    (folder / "model.py").write_text("x = 1\n")
    (folder / "picture.bin").write_bytes(bytes(range(256)))
    (folder / "data" / "rows.parquet.dvc").write_text("md5: 1\n")
    (folder / "data" / "08_reporting" / "ledger.jsonl").write_text("{}\n")
    (folder / ".gitignore").write_text("*.log\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_a_clean_folder_has_its_commit_and_no_diff(repository):
    commit = git(repository, "rev-parse", "HEAD").strip()
    assert code_state(repository) == CodeState(commit, clean=True, diff="")


def test_what_a_run_itself_changes_is_no_dirt(repository):
    (repository / "data" / "rows.parquet.dvc").write_text("md5: 2\n")
    (repository / "new.csv.dvc").write_text("md5: 3\n")
    (repository / "data" / "08_reporting" / "ledger.jsonl").write_text("{}\n{}\n")
    (repository / "run.log").write_text("ignored by git\n")
    assert code_state(repository).clean is True


def test_the_diff_brings_a_fresh_checkout_to_the_same_state(repository, tmp_path):
    (repository / "model.py").write_text("x = 2\n")
    git(repository, "add", "model.py")
    (repository / "model.py").write_text("x = 3\n")
    (repository / "picture.bin").write_bytes(bytes(reversed(range(256))))
    (repository / "nécessaire *.py").write_text("new = True\n")
    before = git(repository, "status", "--porcelain")

    code = code_state(repository)

    assert code.clean is False
    assert git(repository, "status", "--porcelain") == before
    git(tmp_path, "clone", "--quiet", str(repository), "fresh")
    git(tmp_path / "fresh", "apply", stdin=code.diff)
    for name in ("model.py", "picture.bin", "nécessaire *.py"):
        assert (tmp_path / "fresh" / name).read_bytes() == (repository / name).read_bytes()


def test_a_deleted_file_is_a_change(repository):
    (repository / "model.py").unlink()
    assert "deleted file" in code_state(repository).diff


def test_a_large_new_file_is_named_and_not_written_out(repository):
    (repository / "big.csv").write_bytes(b"1,2\n" * 2**19)
    code = code_state(repository)
    assert code.clean is False
    assert "'big.csv'" in code.diff
    assert len(code.diff) < 1000


def test_a_project_below_the_top_of_a_repository_sees_its_own_files_only(repository):
    project = repository / "project"
    project.mkdir()
    (project / "nodes.py").write_text("y = 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "second")
    (repository / "model.py").write_text("changed outside\n")
    assert code_state(project).clean is True
    (project / "nodes.py").write_text("y = 2\n")
    diff = code_state(project).diff
    assert "nodes.py" in diff
    assert "model.py" not in diff


def test_text_that_is_not_utf8_does_not_stop_the_diff(repository):
    (repository / "model.py").write_bytes("x = 'é'\n".encode("latin-1"))
    assert "\\xe9" in code_state(repository).diff


def test_before_the_first_commit_everything_is_new(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.py").write_text("a = 1\n")
    code = code_state(tmp_path)
    assert (code.commit, code.clean) == (None, False)
    assert "+a = 1" in code.diff


def test_outside_of_git_nothing_is_claimed(tmp_path):
    assert code_state(tmp_path) == CodeState(None, None, "")


def test_without_git_nothing_is_claimed(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_state(repository) == CodeState(None, None, "")


def test_the_variables_of_a_git_hook_do_not_lead_elsewhere(repository, tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert code_state(repository).commit is not None


def test_the_environment_names_every_package_and_the_hashes(tmp_path):
    (tmp_path / "requirements.lock").write_bytes(b"pandas==1\n")
    environment = describe_environment(tmp_path, CodeState("abc", clean=False, diff="+x\n"))
    assert environment.packages["scikit-learn"] == version("scikit-learn")
    assert list(environment.packages) == sorted(environment.packages)
    assert environment.lock_hash == hashlib.sha256(b"pandas==1\n").hexdigest()
    assert environment.diff_hash == hashlib.sha256(b"+x\n").hexdigest()
    assert (environment.git_commit, environment.git_clean) == ("abc", False)
    assert environment.memory_mib > 100


def test_what_is_not_there_is_none(tmp_path):
    environment = describe_environment(tmp_path, CodeState(None, None, ""))
    assert environment.lock_hash is environment.diff_hash is environment.git_clean is None


def test_the_libraries_that_compute_are_named_with_their_threads(tmp_path):
    libraries = describe_environment(tmp_path, CodeState(None, None, "")).blas
    loaded = threadpool_info()
    assert any("openblas" in entry for entry in libraries)
    for library in loaded:
        name, threads = library["internal_api"], library["num_threads"]
        version = library["version"] or ""
        assert any(
            entry.startswith(name) and version in entry and f": {threads} thread" in entry
            for entry in libraries
        )


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("echo NVIDIA A100; echo; echo NVIDIA T4", ("NVIDIA A100", "NVIDIA T4")),
        ("echo no devices were found; exit 6", ()),
    ],
)
def test_graphics_processors_are_those_that_the_driver_names(tmp_path, monkeypatch, script, names):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_names() == names


def test_without_a_driver_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_names() == ()
