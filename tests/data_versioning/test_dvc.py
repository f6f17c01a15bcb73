from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from dvc.repo import Repo

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.dvc import DvcVersioner
from experiment_cycle.data_versioning.options import DataVersioningOptions
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.versioning import commit_version, verify_version
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.snapshot import Snapshot

OPTIONS = DataVersioningOptions()


def write(root: Path, frame: pd.DataFrame) -> Snapshot:
    dataset = SnapshotDataset(filepath=str(root / "data" / "02_intermediate" / "dataset.parquet"))
    dataset.save(frame)
    return dataset.load()


def commit(root: Path, frame: pd.DataFrame) -> DatasetVersion:
    snapshot = write(root, frame)
    return commit_version(snapshot, content_hash(snapshot).model_dump(), OPTIONS, root)


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
    verify_version(version, tmp_path)


def test_the_new_repository_knows_no_git_and_calls_nobody(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)

    with Repo(str(tmp_path)) as repository:
        core = repository.config["core"]
    assert core["no_scm"] is True
    assert core["analytics"] is False
    assert core["check_update"] is False


def test_unchanged_content_makes_no_new_version_even_if_the_bytes_differ(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    text = pointer(tmp_path).read_text()

    assert commit(tmp_path, FIRST) == version
    assert commit(tmp_path, FIRST.astype({"x": "int16"})) == version

    assert pointer(tmp_path).read_text() == text


def test_changed_content_makes_a_new_version_and_the_old_one_stays(tmp_path: Path) -> None:
    first = commit(tmp_path, FIRST)
    second = commit(tmp_path, SECOND)

    assert first.id != second.id
    assert first.content_hash != second.content_hash
    verify_version(first, tmp_path)
    verify_version(second, tmp_path)
    assert commit(tmp_path, FIRST).id == first.id


def test_a_version_is_checked_out_whatever_the_snapshot_is_now(tmp_path: Path) -> None:
    first = commit(tmp_path, FIRST)
    commit(tmp_path, SECOND)
    text = pointer(tmp_path).read_text()

    old = DvcVersioner(tmp_path).checkout(first, tmp_path / "elsewhere" / "old.parquet")

    assert old.to_pandas()["x"].tolist() == FIRST["x"].tolist()
    assert pointer(tmp_path).read_text() == text


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
        verify_version(version, tmp_path)
    with pytest.raises(IntegrityError, match="was altered"):
        DvcVersioner(tmp_path).checkout(version, tmp_path / "old.parquet")
    assert not (tmp_path / "old.parquet").exists()


def test_the_next_step_named_for_an_altered_file_mends_it(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    alter(kept(tmp_path, version))
    kept(tmp_path, version).unlink()

    assert commit(tmp_path, FIRST) == version

    verify_version(version, tmp_path)


def test_a_lost_version_is_named_with_the_next_step(tmp_path: Path) -> None:
    version = commit(tmp_path, FIRST)
    kept(tmp_path, version).unlink()

    with pytest.raises(IntegrityError, match=r"does not hold.*Next step.*dvc pull data/02"):
        verify_version(version, tmp_path)


def test_a_lost_repository_is_not_made_anew_by_looking(tmp_path: Path) -> None:
    version = commit(tmp_path / "one", FIRST)
    (tmp_path / "two").mkdir()

    with pytest.raises(IntegrityError, match="no DVC repository"):
        verify_version(version, tmp_path / "two")

    assert not (tmp_path / "two" / ".dvc").exists()


def test_a_record_of_other_content_than_is_kept_is_found(tmp_path: Path) -> None:
    first, second = commit(tmp_path, FIRST), commit(tmp_path, SECOND)
    forged = first.model_copy(update={"id": second.id})

    with pytest.raises(IntegrityError, match="other content than was recorded"):
        verify_version(forged, tmp_path)


def test_a_pointer_moved_by_hand_is_not_believed(tmp_path: Path) -> None:
    first = commit(tmp_path, FIRST)
    write(tmp_path, SECOND)
    with Repo(str(tmp_path)) as repository:
        repository.add([str(pointer(tmp_path).with_suffix(""))])
    assert yaml.safe_load(pointer(tmp_path).read_text())["outs"][0]["md5"] != first.id

    assert commit(tmp_path, FIRST) == first


def test_a_repository_of_the_users_own_is_used_as_it_is(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with Repo.init(str(tmp_path)) as repository, repository.config.edit() as settings:
        settings["cache"]["dir"] = str(tmp_path / "shared cache")
    config = (tmp_path / ".dvc" / "config").read_text()

    version = commit(tmp_path, FIRST)

    assert (tmp_path / ".dvc" / "config").read_text() == config
    assert list((tmp_path / "shared cache").rglob(version.id[2:]))
    verify_version(version, tmp_path)


def test_what_users_noted_in_the_pointer_file_stays(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)
    content = yaml.safe_load(pointer(tmp_path).read_text())
    content["meta"]["owner"] = "statistics"
    pointer(tmp_path).write_text(yaml.safe_dump(content))

    commit(tmp_path, SECOND)

    assert yaml.safe_load(pointer(tmp_path).read_text())["meta"]["owner"] == "statistics"


def test_a_damaged_pointer_file_ends_in_one_message(tmp_path: Path) -> None:
    commit(tmp_path, FIRST)
    pointer(tmp_path).write_text("outs: [")

    with pytest.raises(BackendError, match=r"DVC cannot version.*Next step"):
        commit(tmp_path, FIRST)


def test_a_snapshot_outside_the_project_is_refused(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "outside", FIRST)

    with pytest.raises(BackendError, match="lies outside the project"):
        DvcVersioner(tmp_path / "project").commit(snapshot, content_hash(snapshot))


def test_an_unknown_backend_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    snapshot = write(tmp_path, FIRST)
    content = content_hash(snapshot).model_dump()

    with pytest.raises(BackendError, match=r"versioners backend 'dcv'.*Did you mean 'dvc'"):
        commit_version(snapshot, content, DataVersioningOptions(backend="dcv"), tmp_path)


def test_dvc_prints_and_logs_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    level = logging.getLogger("dvc").level
    with caplog.at_level(logging.INFO):
        verify_version(commit(tmp_path, FIRST), tmp_path)

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
        "from experiment_cycle.snapshot import Snapshot; "
        "snapshot = Snapshot(Path(sys.argv[2])); "
        "DvcVersioner(Path(sys.argv[1])).commit(snapshot, content_hash(snapshot)); "
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
