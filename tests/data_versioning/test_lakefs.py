"""Versions in lakeFS: the real client, against a server written for the tests.

The suite of the contract runs against a real server too, where the environment names one.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import traceback
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lakefs
import numpy as np
import pandas as pd
import pytest
from tests.data_versioning.lakefs_server import KEY, LEAVE, SECRET, LakefsServer

from experiment_cycle.backends import load_backend
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.lakefs import commit as lakefs_commit
from experiment_cycle.data_versioning.lakefs import connection as lakefs_connection
from experiment_cycle.data_versioning.lakefs.versioner import LakefsVersioner
from experiment_cycle.data_versioning.options import LakefsOptions
from experiment_cycle.data_versioning.records import ContentHash, DatasetVersion
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.datasets.credentials import Credentials
from experiment_cycle.errors import BackendError, ConfigurationError, CycleError, IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.testing.versioners import MakeVersioner, VersionerContract

FIRST = pd.DataFrame({"x": range(100), "y": [True, False] * 50})
SECOND = FIRST.assign(x=range(1, 101))
THIRD = FIRST.head(60)
CREDENTIALS = {"access_key_id": KEY, "secret_access_key": SECRET}
NOTHING_SENT = ContentHash(digest="0" * 64, rows=0, columns={})
REAL = {
    "endpoint": "LAKECTL_SERVER_ENDPOINT_URL",
    "key": "LAKECTL_CREDENTIALS_ACCESS_KEY_ID",
    "secret": "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY",
    "repository": "EXPERIMENT_CYCLE_LAKEFS_REPOSITORY",
}


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakefsServer]:
    server = LakefsServer(tmp_path_factory.mktemp("object_store"))
    yield server
    server.close()


@pytest.fixture
def server(running_server: LakefsServer) -> Iterator[LakefsServer]:
    yield running_server
    running_server.reset()


@pytest.fixture
def name(server: LakefsServer) -> str:
    """A repository of the test's own."""
    name = f"data-{uuid.uuid4().hex[:12]}"
    server.create(name)
    return name


@pytest.fixture
def make(server: LakefsServer, name: str, tmp_path: Path) -> Callable[..., LakefsVersioner]:
    def make(**options: Any) -> LakefsVersioner:
        known = {"endpoint": server.endpoint, "repository": name, **options}
        return LakefsVersioner(tmp_path, LakefsOptions(**known), Credentials(CREDENTIALS))

    return make


@pytest.fixture
def versions(make: Callable[..., LakefsVersioner]) -> Versions:
    return Versions(make())


@pytest.fixture
def client(server: LakefsServer) -> lakefs.Client:
    """The official client, as anybody else uses it."""
    return lakefs.Client(host=server.endpoint, username=KEY, password=SECRET)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lakefs_connection, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(lakefs_connection, "READ_SECONDS", 0.5)
    monkeypatch.setattr(lakefs_connection, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(lakefs_commit, "PAUSE_SECONDS", 0.01)


Commit = Callable[..., DatasetVersion]


@pytest.fixture
def commit(versions: Versions, save: Callable[[Any], Snapshot]) -> Commit:
    def commit(frame: pd.DataFrame, tag: str | None = None) -> DatasetVersion:
        snapshot = save(frame)
        return versions.commit(snapshot, content_hash(snapshot), {"hypothesis": "H001"}, tag)

    return commit


class TestThroughLakefs(VersionerContract):
    @pytest.fixture
    def make_versioner(self, make: Callable[..., LakefsVersioner]) -> MakeVersioner:
        return make


class TestAtSignedAddresses(VersionerContract):
    @pytest.fixture
    def make_versioner(
        self, server: LakefsServer, make: Callable[..., LakefsVersioner]
    ) -> MakeVersioner:
        server.signs = True
        return make


@pytest.mark.skipif(
    any(not os.environ.get(each) for each in REAL.values()),
    reason=f"no real lakeFS server: it is named by {', '.join(REAL.values())}",
)
class TestRealServer(VersionerContract):
    @pytest.fixture
    def make_versioner(self, tmp_path: Path) -> Iterator[MakeVersioner]:
        known = {name: os.environ[variable] for name, variable in REAL.items()}
        client = lakefs.Client(
            host=known["endpoint"], username=known["key"], password=known["secret"]
        )
        repository = lakefs.Repository(known["repository"], client)
        tags = {each.id for each in repository.tags()}
        branch = repository.branch(f"contract-{uuid.uuid4().hex[:12]}")
        branch.create(repository.properties.default_branch)
        options = LakefsOptions(
            endpoint=known["endpoint"], repository=repository.id, branch=branch.id
        )
        secrets = {"access_key_id": known["key"], "secret_access_key": known["secret"]}
        yield lambda: LakefsVersioner(tmp_path, options, secrets)
        for tag in repository.tags():
            if tag.id not in tags:
                tag.delete()
        branch.delete()


def test_the_backend_is_found_by_its_name() -> None:
    assert load_backend("versioners", "lakefs") is LakefsVersioner


def test_a_version_is_a_commit_that_anybody_can_read_at_its_pointer(
    commit: Commit, client: lakefs.Client, name: str, save: Callable[[Any], Snapshot]
) -> None:
    version = commit(FIRST)

    assert version.pointer == f"lakefs://{name}/{version.id}/dataset.parquet"
    with lakefs.Reference(name, version.id, client).object("dataset.parquet").reader() as reader:
        assert reader.read() == save(FIRST).path.read_bytes()
    assert lakefs.Branch(name, "main", client).get_commit().id == version.id


def test_a_commit_leaves_one_commit_on_the_branch_and_no_branch_of_its_own(
    commit: Commit, server: LakefsServer, name: str
) -> None:
    commit(FIRST)
    commit(SECOND)

    repository = server.repository(name)
    messages = [each.message for each in repository.log("main")]
    assert len(messages) == 3
    assert messages[0].startswith("Data version: dataset.parquet, 100 rows, content ")
    assert list(repository.branches) == ["main"]


def test_where_lakefs_cannot_squash_a_version_is_listed_once_all_the_same(
    commit: Commit,
    versions: Versions,
    server: LakefsServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository = server.repository(name)
    merge = repository.merge

    def ignoring(source: str, target: str, wanted: Any) -> str:
        return merge(source, target, wanted.copy(update={"squash_merge": False}))

    monkeypatch.setattr(repository, "merge", ignoring)
    made = [commit(FIRST), commit(SECOND)]

    assert len(list(repository.log("main"))) == 5
    assert [each.version for each in versions.log()] == made


def test_a_version_that_came_with_a_merged_branch_is_listed_in_its_place(
    make: Callable[..., LakefsVersioner],
    commit: Commit,
    versions: Versions,
    client: lakefs.Client,
    name: str,
    save: Callable[[Any], Snapshot],
) -> None:
    first = commit(FIRST)
    lakefs.Branch(name, "trial", client).create("main")
    snapshot = save(SECOND)
    second = make(branch="trial").commit(snapshot, content_hash(snapshot), {})
    assert [each.version for each in versions.log()] == [first]

    lakefs.Branch(name, "trial", client).merge_into("main")
    third = commit(THIRD)

    assert [each.version for each in versions.log()] == [first, second, third]


def test_what_others_commit_is_no_version(
    make: Callable[..., LakefsVersioner],
    commit: Commit,
    versions: Versions,
    client: lakefs.Client,
    name: str,
    save: Callable[[Any], Snapshot],
) -> None:
    version = commit(FIRST)
    snapshot = save(SECOND)
    other = make(path="another/table.parquet")
    another = other.commit(snapshot, content_hash(snapshot), {})
    branch = lakefs.Branch(name, "main", client)
    branch.object("dataset.parquet").upload(b"not ours", pre_sign=False)
    branch.commit("by hand", metadata={"who": "somebody"})

    assert [each.version for each in versions.log()] == [version]
    assert [each.version for each in other.versions()] == [another]
    assert versions.checkout(version, snapshot.path.with_name("back.parquet")).rows == 100


def test_a_list_of_many_pages_is_read_to_its_end(
    commit: Commit, versions: Versions, server: LakefsServer
) -> None:
    server.page = 2
    made = [commit(FIRST.head(rows), f"v{rows}") for rows in range(1, 8)]

    assert [each.version for each in versions.log()] == made
    assert [each.tags for each in versions.log()] == [(f"v{rows}",) for rows in range(1, 8)]


def test_commits_that_meet_at_the_merge_all_become_versions(
    make: Callable[..., LakefsVersioner],
    versions: Versions,
    server: LakefsServer,
    name: str,
    save: Callable[[Any], Snapshot],
) -> None:
    together = 4
    meeting = threading.Barrier(together, timeout=30)

    def meet() -> None:
        meeting.wait()

    server.on("POST .*/merge/", meet, times=together)
    snapshots = [save(FIRST.head(rows)) for rows in range(1, together + 1)]
    with ThreadPoolExecutor(together) as pool:
        made = list(pool.map(lambda each: make().commit(each, content_hash(each), {}), snapshots))

    listed = [each.version for each in versions.log()]
    assert {each.id for each in listed} == {each.id for each in made}
    assert len(listed) == together
    assert listed[-1].id == server.repository(name).resolve("main")
    for version in made:
        versions.verify(version)


def test_columns_too_many_for_the_metadata_of_a_commit_lie_beside_the_data(
    commit: Commit, versions: Versions, server: LakefsServer, name: str
) -> None:
    wide = pd.DataFrame(np.arange(2000).reshape(1, -1), columns=[f"c{n}" for n in range(2000)])
    version = commit(wide)

    (entry,) = versions.log()
    assert entry.version == version
    assert len(version.column_hashes) == 2000
    note = server.repository(name).commits[version.id].metadata["experiment_cycle"]
    assert len(note) < 1000
    versions.verify(version)


def test_a_large_file_is_never_whole_in_memory(
    make: Callable[..., LakefsVersioner], server: LakefsServer, tmp_path: Path
) -> None:
    file = tmp_path / "large.parquet"
    block = np.random.default_rng(0).bytes(2**20)
    with file.open("wb") as target:
        for _ in range(192):
            target.write(block)
    versioner = make()
    tracemalloc.start()
    try:
        version = versioner.commit(Snapshot(file), NOTHING_SENT, {})
        with versioner.open(version) as snapshot:
            assert snapshot.path.stat().st_size == version.size_bytes == 192 * 2**20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 96 * 2**20


@pytest.mark.parametrize(("most", "way"), [(10, "POST .*/objects"), (10**6, "PUT .*/backing")])
def test_a_file_too_large_for_a_signed_address_goes_through_lakefs(
    most: int,
    way: str,
    commit: Commit,
    versions: Versions,
    server: LakefsServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lakefs_commit, "PRESIGNED_BYTES", most)
    server.signs = True

    version = commit(FIRST)

    sent = [each for each in server.requests if re.search("/objects$|/backing$", each)]
    assert re.search(way, next(each for each in sent if not each.startswith("GET")))
    versions.verify(version)


def test_the_temporary_copy_of_a_version_is_gone_after_the_block(
    commit: Commit, make: Callable[..., LakefsVersioner]
) -> None:
    version = commit(FIRST)
    with make().open(version) as snapshot:
        assert snapshot.rows == 100
    assert not snapshot.path.parent.exists()


# what is kept, damaged


def alter(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[50] ^= 1
    file.write_bytes(bytes(content))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def lengthen(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")


@pytest.mark.parametrize("signs", [False, True])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (alter, "was altered in the object store"),
        (cut, "was altered in the object store"),
        (lengthen, "was altered in the object store"),
        (Path.unlink, "no longer has lakefs://"),
    ],
)
def test_a_damaged_object_is_noticed_and_made_anew_by_the_next_commit(
    damage: Callable[[Path], None],
    said: str,
    signs: bool,
    commit: Commit,
    versions: Versions,
    server: LakefsServer,
    name: str,
    save: Callable[[Any], Snapshot],
    tmp_path: Path,
) -> None:
    server.signs = signs
    version = commit(FIRST)
    damage(server.file(name, version.id, "dataset.parquet"))

    with pytest.raises(IntegrityError, match=f"{said}.*Next step: restore the object"):
        versions.checkout(version, tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()

    snapshot = save(FIRST)
    again = versions.versioner.commit(snapshot, content_hash(snapshot), {})
    assert again.id != version.id
    versions.verify(again)


def test_a_missing_object_is_noticed_without_reading_it(
    commit: Commit, make: Callable[..., LakefsVersioner], server: LakefsServer, name: str
) -> None:
    version = commit(FIRST)
    make().use(version)
    server.file(name, version.id, "dataset.parquet").unlink()

    with pytest.raises(IntegrityError, match="410: No data"):
        make().use(version)
    assert commit(FIRST).id != version.id


def test_a_commit_that_is_gone_or_no_version_is_told(
    commit: Commit, make: Callable[..., LakefsVersioner], server: LakefsServer, name: str
) -> None:
    version = commit(FIRST)
    gone = version.model_copy(update={"pointer": f"lakefs://{name}/{'0' * 64}/dataset.parquet"})
    first = list(server.repository(name).log("main"))[-1].id
    foreign = version.model_copy(
        update={"id": first, "pointer": f"lakefs://{name}/{first}/dataset.parquet"}
    )

    for call in (make().use, lambda each: make().open(each).__enter__()):
        with pytest.raises(IntegrityError, match="404: reference not found"):
            call(gone)
        with pytest.raises(IntegrityError, match="is no data version"):
            call(foreign)


def test_a_damaged_note_is_told_with_its_commit(
    commit: Commit, versions: Versions, server: LakefsServer, name: str
) -> None:
    version = commit(FIRST)
    server.repository(name).commits[version.id].metadata["experiment_cycle"] = '{"path": 1}'

    with pytest.raises(IntegrityError, match=f"{version.id}.*damaged"):
        versions.log()


# commits that come to nothing


@pytest.mark.parametrize(
    "step",
    ["POST .*/branches$", "POST .*/objects$", "POST .*/branches/.*/commits$", "POST .*/merge/main"],
)
def test_a_commit_that_fails_at_any_step_leaves_nothing(
    step: str, commit: Commit, versions: Versions, server: LakefsServer, name: str
) -> None:
    server.on(step, lambda: (400, "out of order"))

    with pytest.raises(BackendError, match="400: out of order"):
        commit(FIRST)

    assert versions.log() == []
    assert list(server.repository(name).branches) == ["main"]
    assert commit(FIRST) == versions.log()[0].version


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answer", [LEAVE, (500, "branch is currently locked"), (409, "conflict")])
def test_a_merge_that_is_refused_for_the_moment_is_tried_again(
    answer: Any, commit: Commit, versions: Versions, server: LakefsServer
) -> None:
    server.on("POST .*/merge/main", lambda: answer, times=3)

    assert commit(FIRST) == versions.log()[0].version
    assert sum("/merge/" in each for each in server.requests) == 4


@pytest.mark.usefixtures("impatient")
def test_a_merge_that_is_refused_for_good_is_tried_a_few_times_only(
    commit: Commit, versions: Versions, server: LakefsServer, name: str
) -> None:
    server.on("POST .*/merge/main", lambda: (500, "branch is currently locked"), times=1000)

    with pytest.raises(BackendError, match="500: branch is currently locked"):
        commit(FIRST)
    assert sum("/merge/" in each for each in server.requests) == lakefs_commit.MERGES
    assert list(server.repository(name).branches) == ["main"]
    assert versions.log() == []


@pytest.mark.usefixtures("impatient")
def test_a_merge_whose_answer_is_lost_makes_one_version(
    commit: Commit, versions: Versions, server: LakefsServer
) -> None:
    server.on("POST .*/merge/main", lambda: LEAVE, after=True)

    version = commit(FIRST)

    assert [each.version for each in versions.log()] == [version]
    assert sum("/merge/" in each for each in server.requests) == 1


def test_uncommitted_changes_of_others_are_left_alone_and_told(
    commit: Commit, client: lakefs.Client, server: LakefsServer, name: str
) -> None:
    main = lakefs.Branch(name, "main", client)
    main.object("notes.txt").upload(b"in the making", pre_sign=False)

    with pytest.raises(BackendError, match="uncommitted changes"):
        commit(FIRST)

    assert list(server.repository(name).branches["main"].staged) == ["notes.txt"]
    main.commit("done")
    commit(FIRST)
    assert main.object("notes.txt").reader(pre_sign=False).read() == b"in the making"


KILLED = """
import sys
from pathlib import Path
from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.lakefs.versioner import LakefsVersioner
from experiment_cycle.data_versioning.options import LakefsOptions
from experiment_cycle.snapshot import Snapshot

endpoint, repository, key, secret, file = sys.argv[1:]
options = LakefsOptions(endpoint=endpoint, repository=repository)
versioner = LakefsVersioner(
    Path.cwd(), options, {"access_key_id": key, "secret_access_key": secret}
)
snapshot = Snapshot(Path(file))
versioner.commit(snapshot, content_hash(snapshot), {})
"""


@pytest.mark.parametrize("step", ["POST .*/objects$", "POST .*/merge/main"])
def test_a_commit_that_is_killed_leaves_no_version_and_the_next_one_works(
    step: str,
    commit: Commit,
    versions: Versions,
    server: LakefsServer,
    name: str,
    save: Callable[[Any], Snapshot],
) -> None:
    arrived, released = threading.Event(), threading.Event()

    def hold() -> str:
        arrived.set()
        released.wait(30)
        return LEAVE

    server.on(step, hold)
    file = str(save(FIRST).path)
    command = [sys.executable, "-c", KILLED, server.endpoint, name, KEY, SECRET, file]
    with subprocess.Popen(command) as process:
        assert arrived.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait()
    released.set()

    assert versions.log() == []
    assert commit(FIRST) == versions.log()[0].version
    versions.verify(versions.log()[0].version)


def test_branches_that_a_crash_left_days_ago_are_deleted_and_no_others(
    commit: Commit, client: lakefs.Client, server: LakefsServer, name: str
) -> None:
    server.page = 1
    old = ("experiment-cycle-20200101-000000-0a", "experiment-cycle-20200101-000000-0b")
    kept = ("experiment-cycle-99990101-000000-0a", "experiment", "somebody-20200101")
    for each in (*old, *kept):
        lakefs.Branch(name, each, client).create("main", hidden=True)

    commit(FIRST)

    assert set(server.repository(name).branches) == {"main", *kept}


# tags


@pytest.mark.parametrize("tag", ["v1..2", "v1.", "v1.lock"])
def test_a_name_that_lakefs_does_not_take_as_a_tag_is_told(tag: str, commit: Commit) -> None:
    with pytest.raises(BackendError, match=r"does not take 'v1.*Next step: write another"):
        commit(FIRST, tag)


def test_a_tag_of_somebody_else_is_left_where_it_is(
    commit: Commit, client: lakefs.Client, server: LakefsServer, name: str
) -> None:
    lakefs.Tag(name, "v1", client).create("main")
    before = dict(server.repository(name).tags)

    with pytest.raises(BackendError, match=r"tag 'v1'.*borne already.*Next step"):
        commit(FIRST, "v1")
    assert server.repository(name).tags == before


# configuration


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"endpoint": None}, r"endpoint' in conf/base/.*LAKECTL_SERVER_ENDPOINT_URL"),
        ({"repository": None}, r"repository' in conf/base/parameters_data_versioning.yml"),
        ({"endpoint": "lakefs.example.com"}, "'lakefs.example.com', which is no address"),
        ({"endpoint": "http://host:port"}, "is no address"),
        ({"endpoint": "http://"}, "is no address"),
    ],
)
def test_an_option_that_is_missing_or_wrong_is_named(
    options: dict[str, Any],
    said: str,
    make: Callable[..., LakefsVersioner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LAKECTL_SERVER_ENDPOINT_URL", raising=False)
    with pytest.raises(ConfigurationError, match=said):
        make(**options)


def test_credentials_in_the_address_are_refused_and_not_repeated(
    make: Callable[..., LakefsVersioner],
) -> None:
    with pytest.raises(ConfigurationError, match="holds a name or a password") as told:
        make(endpoint=f"https://{KEY}:{SECRET}@lakefs.example.com")
    assert SECRET not in told.value.message


@pytest.mark.parametrize(
    ("credentials", "missing"),
    [
        ({}, "LAKECTL_CREDENTIALS_ACCESS_KEY_ID and LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY"),
        (
            {"access_key_id": KEY, "secret_access_key": None},
            r"missing: LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY\.",
        ),
    ],
)
def test_missing_credentials_are_named_by_their_variables(
    credentials: dict[str, Any], missing: str, tmp_path: Path
) -> None:
    options = LakefsOptions(endpoint="http://127.0.0.1:1", repository="data")
    with pytest.raises(ConfigurationError, match=missing):
        LakefsVersioner(tmp_path, options, credentials)


def test_the_address_may_come_from_the_environment(
    make: Callable[..., LakefsVersioner], server: LakefsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKECTL_SERVER_ENDPOINT_URL", server.endpoint)
    assert make(endpoint=None).versions() == []


# faults of the server


def refuse(code: int, said: str | bytes) -> Callable[[LakefsServer], str]:
    def plan(server: LakefsServer) -> str:
        server.on(".*", lambda: (code, said), times=1000)
        return server.endpoint

    return plan


def never_answer(server: LakefsServer) -> str:
    def stall() -> str:
        threading.Event().wait(3)
        return LEAVE

    server.on(".*", stall, times=1000)
    return server.endpoint


def hang_up(server: LakefsServer) -> str:
    server.on(".*", lambda: LEAVE, times=1000)
    return server.endpoint


def nobody_listens(_: LakefsServer) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def no_such_host(_: LakefsServer) -> str:
    return "http://lakefs.invalid:8000"


FAULTS = {
    "nobody listens": (nobody_listens, "cannot be reached.*Next step: see that the server is up"),
    "no such host": (no_such_host, "cannot be reached.*Next step"),
    "never answers": (never_answer, "does not answer in time.*Next step"),
    "hangs up": (hang_up, "cannot be reached.*Next step"),
    "refuses the credentials": (
        refuse(401, "error authenticating request"),
        "refuses the credentials.*Next step: check LAKECTL_CREDENTIALS_ACCESS_KEY_ID",
    ),
    "forbids": (
        refuse(403, "insufficient permissions"),
        "does not let these credentials.*403: insufficient permissions.*Next step",
    ),
    "repeats the secret": (refuse(500, f"bad signature of {SECRET}"), r"bad signature of \*\*\*"),
    "is busy": (refuse(503, "slow down"), "503: slow down.*Next step"),
    "is a web site": (refuse(200, b"<html>Hello</html>"), "does not speak like lakeFS.*Next step"),
    "is another web site": (refuse(404, b"<html>Not here</html>"), "'endpoint' under"),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("call", ["versions", "commit", "tag", "use", "open"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_server_is_told_with_its_address_and_never_with_the_secret(
    fault: str,
    call: str,
    commit: Commit,
    make: Callable[..., LakefsVersioner],
    server: LakefsServer,
    save: Callable[[Any], Snapshot],
    caplog: pytest.LogCaptureFixture,
) -> None:
    version = commit(FIRST)
    plan, said = FAULTS[fault]
    endpoint = plan(server)
    versioner = make(endpoint=endpoint)
    calls: dict[str, Callable[[], Any]] = {
        "versions": versioner.versions,
        "commit": lambda: versioner.commit(save(SECOND), NOTHING_SENT, {}),
        "tag": lambda: versioner.tag(version, "v1"),
        "use": lambda: versioner.use(version),
        "open": lambda: versioner.open(version).__enter__(),
    }
    # of one version lakeFS may say that it has it no more, and that is another error
    lost = fault == "is another web site" and call in {"use", "open"}
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(
            IntegrityError if lost else BackendError, match="404" if lost else said
        ) as told,
    ):
        calls[call]()

    assert endpoint in told.value.message
    shown = "".join(traceback.format_exception(told.value)) + caplog.text
    shown += f"{told.value!r} {told.value} {versioner!r} {vars(versioner)}"
    for secret in (SECRET, base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()):
        assert secret not in shown


def test_wrong_credentials_are_refused_by_the_server(
    server: LakefsServer, name: str, tmp_path: Path
) -> None:
    options = LakefsOptions(endpoint=server.endpoint, repository=name)
    wrong = {"access_key_id": KEY, "secret_access_key": "not this one"}
    with pytest.raises(BackendError, match="401: error authenticating request") as told:
        LakefsVersioner(tmp_path, options, wrong).versions()
    assert "not this one" not in "".join(traceback.format_exception(told.value))


@pytest.mark.parametrize("options", [{"repository": "no-such"}, {"branch": "no-such"}])
def test_an_unknown_repository_or_branch_is_told(
    options: dict[str, str],
    make: Callable[..., LakefsVersioner],
    save: Callable[[Any], Snapshot],
) -> None:
    versioner = make(**options)
    for call in (versioner.versions, lambda: versioner.commit(save(FIRST), NOTHING_SENT, {})):
        with pytest.raises(BackendError, match=r"'no-such'.*404.*Next step: correct 'repository'"):
            call()


@pytest.mark.usefixtures("impatient")
def test_reading_is_tried_again_and_waits_are_counted(
    make: Callable[..., LakefsVersioner], server: LakefsServer
) -> None:
    server.on("GET .*/tags", lambda: (503, "slow down"), times=2)
    assert make().versions() == []

    server.reset()
    server.on(".*", lambda: (503, "slow down"), times=1000)
    with pytest.raises(BackendError):
        make().versions()
    assert len(server.requests) == 1 + lakefs_connection.RETRIES


def test_no_request_is_without_a_limit(
    make: Callable[..., LakefsVersioner],
    server: LakefsServer,
    save: Callable[[Any], Snapshot],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = []
    connect = socket.socket.settimeout

    def noted(self: socket.socket, value: float | None) -> None:
        if value is None and "urllib3" in "".join(traceback.format_stack()):
            limits.append(value)
        connect(self, value)

    monkeypatch.setattr(socket.socket, "settimeout", noted)
    for server.signs in (False, True):
        snapshot = save(FIRST)
        version = make().commit(snapshot, content_hash(snapshot), {})
        with make().open(version):
            pass
    assert limits == []


# faults of the local disk


def test_a_full_disk_is_told_and_nothing_stays(
    make: Callable[..., LakefsVersioner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "large.parquet"
    file.write_bytes(np.random.default_rng(0).bytes(3 * 2**20))
    versioner = make()
    version = versioner.commit(Snapshot(file), NOTHING_SENT, {})
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    try:
        with pytest.raises(BackendError, match=r"cannot be written.*Next step: make room in"):
            versioner.open(version).__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert list(folder.iterdir()) == []
    with versioner.open(version) as snapshot:
        found = hashlib.sha256(snapshot.path.read_bytes())
    assert found.digest() == hashlib.sha256(file.read_bytes()).digest()


def test_a_file_that_is_gone_is_told(
    make: Callable[..., LakefsVersioner], server: LakefsServer, name: str, tmp_path: Path
) -> None:
    with pytest.raises(CycleError, match=r"nothing\.parquet"):
        make().commit(Snapshot(tmp_path / "nothing.parquet"), NOTHING_SENT, {})
    assert list(server.repository(name).branches) == ["main"]
