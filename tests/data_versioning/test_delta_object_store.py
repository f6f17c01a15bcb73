"""The Delta adapter with a table in an object store: the client is real, S3 is here or nowhere."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.delta.versioner import DeltaVersioner
from experiment_cycle.data_versioning.options import DeltaOptions
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.snapshot import Snapshot
from experiment_cycle.testing.versioners import FIRST, SECOND, MakeVersioner, VersionerContract

SECRETS = {"AWS_ACCESS_KEY_ID": "AKIA0IDENTITY", "AWS_SECRET_ACCESS_KEY": "sEcReT/kEy+1"}
ADDRESS = "s3://bucket/folder/table"
BOUND_SECONDS = 30.0
Save = Callable[[Any], Snapshot]


def credentials(endpoint: str, **others: Any) -> dict[str, Any]:
    return {
        **SECRETS,
        "AWS_SESSION_TOKEN": None,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": True,
        "timeout": "1s",
        "max_retries": 1,
        **others,
    }


def versioner(endpoint: str, root: Path, location: str = ADDRESS, **others: Any) -> DeltaVersioner:
    given = credentials(endpoint, **others)
    return DeltaVersioner(root, DeltaOptions(location=location), given)


class Forbidding(BaseHTTPRequestHandler):
    """Refuses everything, and says so with all that it was sent."""

    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>sEcReT/kEy+1</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST = do_HEAD = do_DELETE = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def forbidding() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "told"),
    [("nobody", "Connection refused"), ("silent", "timed out"), ("forbidding", "403 Forbidden")],
)
def test_a_store_that_does_not_answer_or_refuses_is_told_soon_and_without_the_secret(
    kind: str,
    told: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    save: Save,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    endpoint = request.getfixturevalue(kind)
    asked = versioner(endpoint, tmp_path)
    snapshot = save(pd.DataFrame({"x": [1, 2]}))
    content = content_hash(snapshot)
    version = DatasetVersion.of(content, backend="delta", id="0", size_bytes=1, pointer=ADDRESS)
    asks: list[Callable[[], Any]] = [
        asked.versions,
        lambda: asked.commit(snapshot, content, {}),
        lambda: asked.tag(version, "name"),
        lambda: asked.use(version),
        lambda: asked.open(version).__enter__(),
    ]
    for call in asks:
        began = time.monotonic()
        with (
            caplog.at_level(logging.DEBUG),
            pytest.raises(BackendError, match=rf"{ADDRESS} \(at {endpoint}\).*{told}") as raised,
        ):
            call()
        assert time.monotonic() - began < BOUND_SECONDS
        assert "Next step: see that the store can be reached" in raised.value.message
        assert len(raised.value.message.splitlines()) == 1
        shown = "".join(traceback.format_exception(raised.value))
        seen = f"{shown}{raised.value!r}{asked!r}{vars(asked)!r}{caplog.text}{capfd.readouterr()}"
        for secret in SECRETS.values():
            assert secret not in seen
    assert list(tmp_path.iterdir()) == []


def test_secrets_in_an_address_are_not_shown(nobody: str, tmp_path: Path) -> None:
    secret = nobody.replace("http://", "http://user:PaSsWoRd@")
    location = "s3://name:PaSsWoRd@bucket/table?sig=PaSsWoRd"

    with pytest.raises(BackendError) as raised:
        versioner(secret, tmp_path, location).versions()

    assert "s3://bucket/table" in raised.value.message
    assert "PaSsWoRd" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.slow
def test_without_credentials_the_wait_is_bounded_too(
    nobody: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
    none = dict.fromkeys(SECRETS)
    began = time.monotonic()

    with pytest.raises(BackendError, match="Next step"):
        versioner(nobody, tmp_path, **none).versions()

    assert time.monotonic() - began < 2 * BOUND_SECONDS


# Against a server that speaks the protocol of S3, where the package `moto[server]` is installed


def ask(address: str, method: str) -> int:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request(method, "/moto-api/reset" if method == "POST" else "/bucket")
    return connection.getresponse().status


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folders = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    command = shutil.which("moto_server", path=folders)
    if command is None:
        pytest.skip("moto[server] is not installed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("moto") / "log"
    # a process of its own: deltalake holds the interpreter's lock while it waits for an answer
    with (
        log.open("w") as output,
        subprocess.Popen(
            [command, "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        ) as process,
    ):
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield address
        process.terminate()


@pytest.fixture
def bucket(s3: str) -> str:
    """An empty bucket."""
    assert (ask(s3, "POST"), ask(s3, "PUT")) == (200, 200)
    return s3


class TestInS3(VersionerContract):
    @pytest.fixture
    def make_versioner(self, bucket: str, tmp_path: Path) -> MakeVersioner:
        return lambda: versioner(bucket, tmp_path)


def commit(asked: DeltaVersioner, snapshot: Snapshot) -> DatasetVersion:
    return Versions(asked).commit(snapshot, content_hash(snapshot), {})


def test_the_record_names_the_address(bucket: str, tmp_path: Path, save: Save) -> None:
    version = commit(versioner(bucket, tmp_path), save(FIRST))

    assert version.pointer == ADDRESS
    assert list(tmp_path.iterdir()) == []


def test_several_that_commit_to_s3_at_once_all_get_through(
    bucket: str, tmp_path: Path, save: Save
) -> None:
    commit(versioner(bucket, tmp_path), save(FIRST))
    snapshots = [save(FIRST.assign(number=float(number))) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda each: commit(versioner(bucket, tmp_path), each), snapshots))

    versions = Versions(versioner(bucket, tmp_path))
    assert len({each.id for each in made}) == 3
    assert {each.version.id for each in versions.log()} == {"0", *(each.id for each in made)}
    for version in made:
        versions.verify(version)


def test_a_lost_or_altered_object_is_found(bucket: str, tmp_path: Path, save: Save) -> None:
    asked = versioner(bucket, tmp_path)
    versions = Versions(asked)
    first, second = commit(asked, save(FIRST)), commit(asked, save(SECOND))
    options = {name: str(value) for name, value in credentials(bucket).items() if value}
    files = [
        DeltaTable(ADDRESS, version=number, storage_options=options).to_pyarrow_dataset()
        for number in (0, 1)
    ]
    files[0].filesystem.delete_file(files[0].files[0])
    with files[1].filesystem.open_output_stream(files[1].files[0]):
        pass

    with pytest.raises(IntegrityError, match=r"1 of 1 files are gone.*vacuum"):
        versions.verify(first)
    with pytest.raises(IntegrityError, match=r"has another size"):
        versions.verify(second)
    again = commit(asked, save(FIRST))
    versions.verify(again)


def test_a_bucket_that_is_not_there_is_told(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"s3://elsewhere/table.*404.*Next step"):
        versioner(bucket, tmp_path, "s3://elsewhere/table").versions()
