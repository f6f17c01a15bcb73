from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest
import yaml
from dvc.repo import Repo

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.dvc import DvcVersioner
from experiment_cycle.data_versioning.options import DataVersioningOptions, DvcOptions
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.versioning import Versions, open_versions
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.testing.versioners import MakeVersioner, VersionerContract


class TestContract(VersionerContract):
    @pytest.fixture
    def make_versioner(self, tmp_path: Path) -> MakeVersioner:
        return lambda: DvcVersioner(tmp_path, DvcOptions(), {})


def versions(root: Path, **options: Any) -> Versions:
    return Versions(DvcVersioner(root, DvcOptions(**options), {}))


def write(root: Path, frame: pd.DataFrame) -> Snapshot:
    dataset = SnapshotDataset(filepath=str(root / "data" / "02_intermediate" / "dataset.parquet"))
    dataset.save(frame)
    return dataset.load()


def commit(root: Path, frame: pd.DataFrame, **options: Any) -> DatasetVersion:
    snapshot = write(root, frame)
    return versions(root, **options).commit(snapshot, content_hash(snapshot), {})


def pointer(root: Path) -> Path:
    return root / "data" / "02_intermediate" / "dataset.parquet.dvc"


def kept(root: Path, version: DatasetVersion) -> Path:
    return root / ".dvc" / "cache" / "files" / "md5" / version.id[:2] / version.id[2:]


FIRST = pd.DataFrame({"x": range(100), "y": [True, False] * 50})
SECOND = FIRST.assign(x=range(1, 101))


def test_a_first_commit_makes_a_repository_and_a_pointer_next_to_the_snapshot(
    tmp_path: Path,
) -> None:
    version = commit(tmp_path, FIRST)

    assert version.backend == "dvc"
    assert version.pointer == "data/02_intermediate/dataset.parquet.dvc"
    assert (version.rows, version.columns) == (100, 2)
    assert version.size_bytes == kept(tmp_path, version).stat().st_size
    assert yaml.safe_load(pointer(tmp_path).read_text())["outs"][0]["md5"] == version.id
    versions(tmp_path).verify(version)


def test_the_new_repository_knows_no_git_and_calls_nobody(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)

    with Repo(str(tmp_path)) as repository:
        core = repository.config["core"]
    assert core["no_scm"] is True
    assert core["analytics"] is False
    assert core["check_update"] is False


def test_changed_content_makes_a_new_version_and_the_old_one_stays(tmp_path: Path) -> None:
    first = commit(tmp_path, FIRST)
    second = commit(tmp_path, SECOND)

    assert first.id != second.id
    assert first.content_hash != second.content_hash
    versions(tmp_path).verify(first)
    versions(tmp_path).verify(second)
    assert commit(tmp_path, FIRST).id == first.id


def alter(file: Path) -> None:
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[50] ^= 1
    file.write_bytes(bytes(content))


def test_an_altered_byte_in_the_cache_is_found_although_the_snapshot_is_whole(
    tmp_path: Path,
) -> None:
    version = commit(tmp_path, FIRST)
    alter(kept(tmp_path, version))

    with pytest.raises(IntegrityError, match=r"was altered.*Next step: delete that file"):
        versions(tmp_path).verify(version)
    with pytest.raises(IntegrityError, match="was altered"):
        versions(tmp_path).checkout(version, tmp_path / "old.parquet")
    assert not (tmp_path / "old.parquet").exists()


def test_an_altered_file_of_the_cache_is_made_anew_by_a_commit(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    alter(kept(tmp_path, version))
    (tmp_path / "data/02_intermediate/dataset.versions.jsonl").unlink()

    assert commit(tmp_path, FIRST) == version

    versions(tmp_path).verify(version)


def test_an_altered_file_that_a_cycle_goes_by_is_told_before_anything_is_trained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    version = commit(tmp_path, FIRST)
    commit(tmp_path, FIRST)
    assert "data_version_committed" not in caplog.text
    alter(kept(tmp_path, version))

    assert commit(tmp_path, FIRST) == version

    assert f"{version.id} was altered" in caplog.text
    assert "delete that file" in caplog.text
    assert "the gate data_version_committed fails" in caplog.text


def test_the_next_step_named_for_an_altered_file_mends_it(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    alter(kept(tmp_path, version))
    kept(tmp_path, version).unlink()

    assert commit(tmp_path, FIRST) == version

    versions(tmp_path).verify(version)


def test_a_lost_version_is_named_with_the_next_step(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    kept(tmp_path, version).unlink()

    with pytest.raises(IntegrityError, match=r"does not hold.*Next step.*dvc.remote"):
        versions(tmp_path).verify(version)


def test_a_lost_repository_is_not_made_anew_by_looking(tmp_path: Path) -> None:
    version = commit(tmp_path / "one", FIRST)
    (tmp_path / "two").mkdir()

    with pytest.raises(IntegrityError, match="no DVC repository"):
        versions(tmp_path / "two").verify(version)

    assert not (tmp_path / "two" / ".dvc").exists()


def test_a_pointer_moved_by_hand_is_not_believed(tmp_path: Path) -> None:
    first = commit(tmp_path, FIRST)
    write(tmp_path, SECOND)
    with Repo(str(tmp_path)) as repository:
        repository.add([str(pointer(tmp_path).with_suffix(""))])
    assert yaml.safe_load(pointer(tmp_path).read_text())["outs"][0]["md5"] != first.id

    assert commit(tmp_path, FIRST) == first
    assert yaml.safe_load(pointer(tmp_path).read_text())["outs"][0]["md5"] == first.id


def test_a_repository_of_the_users_own_is_used_as_it_is(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with Repo.init(str(tmp_path)) as repository, repository.config.edit() as settings:
        settings["cache"]["dir"] = str(tmp_path / "shared cache")
    config = (tmp_path / ".dvc" / "config").read_text()

    version = commit(tmp_path, FIRST)

    assert (tmp_path / ".dvc" / "config").read_text() == config
    assert list((tmp_path / "shared cache").rglob(version.id[2:]))
    versions(tmp_path).verify(version)


def test_what_users_noted_in_the_pointer_file_stays(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)
    content = yaml.safe_load(pointer(tmp_path).read_text())
    content["meta"] = {"owner": "statistics"}
    pointer(tmp_path).write_text(yaml.safe_dump(content))

    commit(tmp_path, SECOND)

    assert yaml.safe_load(pointer(tmp_path).read_text())["meta"]["owner"] == "statistics"


def test_a_damaged_pointer_file_ends_in_one_message(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)
    pointer(tmp_path).write_text("outs: [")

    with pytest.raises(BackendError, match=r"DVC cannot version.*Next step"):
        commit(tmp_path, SECOND)


def test_a_damaged_pointer_file_to_data_that_are_kept_is_mended(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    pointer(tmp_path).write_text("outs: [")

    assert commit(tmp_path, FIRST) == version

    assert yaml.safe_load(pointer(tmp_path).read_text())["outs"][0]["md5"] == version.id


def test_a_snapshot_outside_the_project_is_refused(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "outside", FIRST)

    with pytest.raises(BackendError, match=r"cannot version.*inside the project"):
        versions(tmp_path / "project").commit(snapshot, content_hash(snapshot), {})


def test_an_unknown_backend_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"versioners backend 'dcv'.*Did you mean 'dvc'"):
        open_versions(DataVersioningOptions(backend="dcv"), tmp_path, {})


def test_dvc_prints_and_logs_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    level = logging.getLogger("dvc").level
    with caplog.at_level(logging.INFO):
        versions(tmp_path).verify(commit(tmp_path, FIRST))

    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name.startswith("dvc")] == []
    assert logging.getLogger("dvc").level == level


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_dvc_shows_no_progress_in_a_terminal(tmp_path: Path) -> None:
    snapshot = write(tmp_path, FIRST)
    code = (
        "import sys; from pathlib import Path; "
        "from experiment_cycle.data_versioning.content_hash import content_hash; "
        "from experiment_cycle.data_versioning.dvc import DvcVersioner; "
        "from experiment_cycle.data_versioning.options import DvcOptions; "
        "from experiment_cycle.snapshot import Snapshot; "
        "snapshot = Snapshot(Path(sys.argv[2])); "
        "versioner = DvcVersioner(Path(sys.argv[1]), DvcOptions(), {}); "
        "versioner.commit(snapshot, content_hash(snapshot), {}); "
        "print('done')"
    )
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), str(snapshot.path)],
            stdout=theirs,
            stderr=theirs,
            check=True,
        )
        os.close(theirs)
        shown = screen.read(10_000)
    assert re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown).split() == [b"done"]


def test_the_pointer_follows_the_version_in_use(tmp_path: Path) -> None:
    first = commit(tmp_path, FIRST)
    text = pointer(tmp_path).read_text()
    commit(tmp_path, SECOND)

    assert commit(tmp_path, FIRST) == first

    assert yaml.safe_load(pointer(tmp_path).read_text()) == yaml.safe_load(text)
    command = [sys.executable, "-m", "dvc", "status"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "up to date" in done.stdout, done.stdout + done.stderr


def test_a_version_travels_through_a_remote_to_another_clone(tmp_path: Path) -> None:
    here, there, remote = tmp_path / "here", tmp_path / "there", tmp_path / "remote"
    first = commit(here, FIRST, remote=str(remote), push=True)
    second = commit(here, SECOND, remote=str(remote), push=True)
    for name in ("dataset.parquet.dvc", "dataset.versions.jsonl"):
        (there / "data/02_intermediate").mkdir(parents=True, exist_ok=True)
        shutil.copy(here / "data/02_intermediate" / name, there / "data/02_intermediate" / name)
    with Repo.init(str(there), no_scm=True):
        pass

    with pytest.raises(IntegrityError, match="does not hold"):
        versions(there, remote=str(remote), pull=False).verify(first)
    for version, frame in ((first, FIRST), (second, SECOND)):
        pulled = versions(there, remote=str(remote)).checkout(version, there / "out.parquet")
        assert pulled.to_pandas()["x"].tolist() == frame["x"].tolist()


def test_a_version_that_neither_cache_nor_remote_has_is_committed_again(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    kept(tmp_path, version).unlink()
    remote = tmp_path / "remote"

    assert commit(tmp_path, FIRST, remote=str(remote)) == version

    versions(tmp_path).verify(version)


def test_a_version_kept_before_there_was_a_remote_is_pushed_when_it_is_used(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    remote = tmp_path / "remote"

    assert commit(tmp_path, FIRST, remote=str(remote), push=True) == version

    kept(tmp_path, version).unlink()
    versions(tmp_path, remote=str(remote)).verify(version)


def test_a_named_remote_of_dvcs_configuration_is_used(tmp_path: Path) -> None:
    with Repo.init(str(tmp_path), no_scm=True) as repository, repository.config.edit() as settings:
        settings["remote"]["store"] = {"url": str(tmp_path / "remote")}

    version = commit(tmp_path, FIRST, remote="store", push=True)

    assert list((tmp_path / "remote").rglob(version.id[2:]))
    with pytest.raises(BackendError, match=r"no remote 'stor'.*Did you mean 'store'"):
        commit(tmp_path, SECOND, remote="stor", push=True)


def test_a_version_that_could_not_be_pushed_is_not_listed(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")

    with pytest.raises(BackendError, match="Next step"):
        commit(tmp_path / "project", FIRST, remote=str(blocked / "remote"), push=True)

    assert versions(tmp_path / "project").log() == []
    version = commit(tmp_path / "project", FIRST)
    versions(tmp_path / "project").verify(version)


def test_push_without_a_remote_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"push.*no default remote.*Next step"):
        commit(tmp_path, FIRST, push=True)

    assert not pointer(tmp_path).exists()


@pytest.fixture
def refusing_server() -> Iterator[str]:
    class Refuse(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.send_response(401)
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/store"
    server.shutdown()
    server.server_close()


def test_a_remote_that_refuses_the_credentials_is_named_and_the_secret_is_nowhere(
    tmp_path: Path, refusing_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "s3cr3t-of-the-remote"
    options = DvcOptions(remote=refusing_server, push=True)
    snapshot = write(tmp_path, FIRST)
    versioner = DvcVersioner(tmp_path, options, {"password": secret, "access_key_id": None})

    with pytest.raises(BackendError, match="could not be pushed") as told:
        Versions(versioner).commit(snapshot, content_hash(snapshot), {})

    assert refusing_server in told.value.message
    assert versions(tmp_path).log() == []
    shown = "".join(traceback.format_exception(told.value)) + repr(versioner) + caplog.text
    assert secret not in shown
    written = (file for file in tmp_path.rglob("*") if file.is_file())
    assert all(secret.encode() not in file.read_bytes() for file in written)


def test_a_remote_that_is_not_there_ends_in_one_message(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"could not be pushed.*127\.0\.0\.1.*Next step"):
        commit(tmp_path, FIRST, remote="http://127.0.0.1:9/store", push=True)


def test_a_damaged_line_of_the_list_is_named(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)
    log = tmp_path / "data/02_intermediate/dataset.versions.jsonl"
    log.write_text(log.read_text() + '{"version": \n')

    with pytest.raises(IntegrityError, match=r"Line 2 of .*dataset.versions.jsonl.*Next step"):
        versions(tmp_path).log()


COMMIT = """
import sys
from pathlib import Path
import pandas as pd
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.dvc import DvcVersioner
from experiment_cycle.data_versioning.options import DvcOptions
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.errors import IntegrityError

root, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
dataset = SnapshotDataset(filepath=str(root / "data/02_intermediate/dataset.parquet"))
versions = Versions(DvcVersioner(root, DvcOptions(), {}))
print("ready", flush=True)
for number in range(first, first + count):
    while True:
        try:
            dataset.save(pd.DataFrame({"x": range(number, number + 50_000)}))
            snapshot = dataset.load()
            content = content_hash(snapshot)
            version = versions.commit(snapshot, content, {})
            break
        except IntegrityError as error:
            assert "replaced by another run" in error.message
        except FileNotFoundError:
            pass  # DVC of the other process is linking the file anew
    print(version.id, flush=True)
"""


def start(root: Path, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COMMIT, str(root), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_committing_at_once_both_end_right(tmp_path: Path) -> None:
    processes = [start(tmp_path, first, 4) for first in (0, 1000)]
    printed = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0, 0], printed
    listed = {each.version.id: each.version for each in versions(tmp_path).log()}
    assert len(listed) == 8
    for out, _ in printed:
        assert set(out.split()[1:]) <= set(listed)
    for version in listed.values():
        versions(tmp_path).verify(version)


@pytest.mark.slow
def test_a_commit_that_was_killed_leaves_no_version_and_the_next_one_completes(
    tmp_path: Path,
) -> None:
    for milliseconds in (5, 60, 150, 300, 600):
        process = start(tmp_path, 0, 50)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(milliseconds / 1000)
        process.kill()
        process.wait()

        for entry in versions(tmp_path).log():
            versions(tmp_path).verify(entry.version)

    process = start(tmp_path, 0, 3)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    ids = {entry.version.id for entry in versions(tmp_path).log()}
    assert set(out.split()[1:]) <= ids
