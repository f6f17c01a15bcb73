"""A lakeFS server for the tests: real HTTP, answers built from lakefs_sdk's own models.

Objects lie as files in a folder, as in the object store below lakeFS. They are reached through
lakeFS, or, with `signs`, at signed addresses of a second server, which refuses credentials.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import lakefs_sdk
from tests.data_versioning.lakefs_repository import Entry, Refused, Repository

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI-not-a-real-one"
LEAVE = "leave"
"""What an action returns to close the connection without an answer."""

Action = Callable[[], Any]


@dataclass
class Planned:
    """Something to happen when a request comes: before it is carried out, or after."""

    pattern: re.Pattern[str]
    action: Action
    times: int
    after: bool


class LakefsServer:
    """Runs on free ports of 127.0.0.1 until it is closed.

    Args:
        folder: Where the objects lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []
        self.signs = False
        self.page = 100
        self._planned: list[Planned] = []
        self.lock = threading.RLock()
        self._store = _serve(StoreHandler, self)
        self._http = _serve(LakefsHandler, self)
        self.endpoint = f"http://127.0.0.1:{self._http.server_port}"
        self.store = f"http://127.0.0.1:{self._store.server_port}"

    def on(self, pattern: str, action: Action, *, times: int = 1, after: bool = False) -> None:
        """Do something at the next requests such as `POST /repositories/x/branches`.

        The action may return an answer of its own, as a status and a message or a body, or `LEAVE`.
        """
        self._planned.append(Planned(re.compile(pattern), action, times, after))

    def happen(self, request: str, *, after: bool) -> Any:
        for planned in self._planned:
            if planned.after == after and planned.times and planned.pattern.search(request):
                planned.times -= 1
                return planned.action()
        return None

    def reset(self) -> None:
        """Forget what was planned and asked."""
        self._planned, self.requests, self.signs, self.page = [], [], False, 100

    def repository(self, name: str) -> Repository:
        if name not in self.repositories:
            raise Refused(404, "repository not found")
        return self.repositories[name]

    def create(self, name: str) -> Repository:
        self.repositories[name] = Repository(name, "main", f"local://{name}")
        return self.repositories[name]

    def file(self, repository: str, reference: str, path: str) -> Path:
        """Find the file below lakeFS in which an object lies."""
        return self.folder / self.repository(repository).entry(reference, path).address

    def close(self) -> None:
        for server in (self._http, self._store):
            server.shutdown()
            server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that leave; the tests plan that."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            raise error


def _serve(handler: type[Handler], owner: LakefsServer) -> ThreadingHTTPServer:
    bound = type(handler.__name__, (handler,), {"owner": owner})
    server = _Quiet(("127.0.0.1", 0), bound)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: LakefsServer

    def log_message(self, *_: object) -> None:
        pass

    def receive(self) -> Path:
        """Write the body to a new file of the object store."""
        file = self.owner.folder / secrets.token_hex(16)
        with file.open("wb") as target:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    target.write(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
            else:
                left = int(self.headers.get("Content-Length") or 0)
                while left and (chunk := self.rfile.read(min(left, 2**20))):
                    target.write(chunk)
                    left -= len(chunk)
        return file

    def answer(
        self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_file(self, file: Path) -> None:
        """Send the range that was asked for."""
        size = file.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "bytes=0-")
        assert asked is not None
        first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
        if first >= size:
            return self.answer(416, Content_Range=f"bytes */{size}")
        with file.open("rb") as source:
            source.seek(first)
            body = source.read(last - first + 1)
        return self.answer(
            206, body, "application/octet-stream", Content_Range=f"bytes {first}-{last}/{size}"
        )

    def leave(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class StoreHandler(Handler):
    """The object store: it knows signatures, and refuses the credentials of lakeFS."""

    def serve(self) -> None:
        body = self.receive()
        address = urlsplit(self.path)
        file = self.owner.folder / address.path.lstrip("/")
        if self.headers.get("Authorization"):
            body.unlink()
            return self.answer(400, b"Only one auth mechanism allowed", "text/plain")
        if self.command == "PUT":
            body.replace(file)
            return self.answer(200, ETag=f'"{_checksum(file)}"')
        body.unlink()
        if not file.is_file():
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
        return self.send_file(file)

    do_GET = do_PUT = serve


class LakefsHandler(Handler):
    """The API of lakeFS, as far as the adapter calls it."""

    def serve(self) -> None:
        body = self.receive()
        address = urlsplit(self.path)
        path = unquote(address.path).removeprefix("/api/v1")
        self.query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        request = f"{self.command} {path}"
        self.owner.requests.append(request)
        try:
            self.check_credentials()
            if self.answer_planned(self.owner.happen(request, after=False)):
                return
            status, result = self.carry_out(request, body)
            if isinstance(result, Path) and not result.is_file():
                raise Refused(410, "No data")
        except Refused as error:
            status, result = error.status, lakefs_sdk.Error(message=error.message)
        if self.answer_planned(self.owner.happen(request, after=True)):
            return
        if isinstance(result, Path):
            self.send_file(result)
        elif status == 302:
            self.answer(status, Location=result)
        else:
            self.answer(status, _json(result))

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def check_credentials(self) -> None:
        wanted = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            raise Refused(401, "error authenticating request")

    def answer_planned(self, planned: Any) -> bool:
        if planned is None:
            return False
        if planned == LEAVE:
            self.leave()
        else:
            status, said = planned
            body = said if isinstance(said, bytes) else _json(lakefs_sdk.Error(message=said))
            self.answer(status, body)
        return True

    def carry_out(self, request: str, body: Path) -> tuple[int, Any]:
        for pattern, method in ROUTES:
            found = re.fullmatch(pattern, request)
            if found is not None:
                with self.owner.lock:
                    return getattr(self, method)(body, *found.groups())
        raise Refused(404, f"no route for {request}")

    def config(self, _: Path) -> tuple[int, Any]:
        return 200, lakefs_sdk.Config(
            version_config=lakefs_sdk.VersionConfig(version="1.70.0"),
            storage_config=lakefs_sdk.StorageConfig(
                blockstore_type="s3" if self.owner.signs else "local",
                blockstore_namespace_example="local://example",
                blockstore_namespace_ValidityRegex="^local://",
                pre_sign_support=self.owner.signs,
                pre_sign_support_ui=False,
                import_support=False,
                import_validity_regex="^$",
            ),
        )

    def get_repository(self, _: Path, name: str) -> tuple[int, Any]:
        return 200, self.owner.repository(name).description

    def list_branches(self, _: Path, name: str) -> tuple[int, Any]:
        shown = self.query.get("show_hidden", "").lower() == "true"
        branches = self.owner.repository(name).branches.items()
        return 200, self.paged(
            lakefs_sdk.Ref(id=each, commit_id=branch.head)
            for each, branch in sorted(branches)
            if shown or not branch.hidden
        )

    def create_branch(self, body: Path, name: str) -> tuple[int, Any]:
        creation = lakefs_sdk.BranchCreation.from_json(_text(body))
        return 201, self.owner.repository(name).create_branch(creation)

    def delete_branch(self, _: Path, name: str, branch: str) -> tuple[int, Any]:
        self.owner.repository(name).branch(branch)
        del self.owner.repository(name).branches[branch]
        return 204, None

    def commit(self, body: Path, name: str, branch: str) -> tuple[int, Any]:
        creation = lakefs_sdk.CommitCreation.from_json(_text(body))
        return 201, self.owner.repository(name).commit(branch, creation)

    def get_commit(self, _: Path, name: str, commit: str) -> tuple[int, Any]:
        repository = self.owner.repository(name)
        return 200, repository.commits[repository.resolve(commit)]

    def log(self, _: Path, name: str, reference: str) -> tuple[int, Any]:
        return 200, self.paged(self.owner.repository(name).log(reference))

    def merge(self, body: Path, name: str, source: str, target: str) -> tuple[int, Any]:
        merge = lakefs_sdk.Merge.from_json(_text(body))
        reference = self.owner.repository(name).merge(source, target, merge)
        return 200, lakefs_sdk.MergeResult(reference=reference)

    def upload(self, body: Path, name: str, branch: str) -> tuple[int, Any]:
        prefix = "x-lakefs-meta-"
        metadata = {
            key.lower().removeprefix(prefix): value
            for key, value in self.headers.items()
            if key.lower().startswith(prefix)
        }
        return self.stage(name, branch, Entry(
            address=body.name,
            size=body.stat().st_size,
            checksum=_checksum(body),
            content_type=self.headers["Content-Type"],
            metadata=metadata,
        ))  # fmt: skip

    def stage(self, name: str, branch: str, entry: Entry) -> tuple[int, Any]:
        path = self.query["path"]
        self.owner.repository(name).branch(branch).staged[path] = entry
        return 201, entry.stats(path, f"local://{name}/{entry.address}")

    def sign_upload(self, body: Path, name: str, branch: str) -> tuple[int, Any]:
        self.owner.repository(name).branch(branch)
        return 200, lakefs_sdk.StagingLocation(
            physical_address=f"s3://{body.name}",
            presigned_url=f"{self.owner.store}/{body.name}?signature={secrets.token_hex(8)}",
        )

    def link_upload(self, body: Path, name: str, branch: str) -> tuple[int, Any]:
        link = lakefs_sdk.StagingMetadata.from_json(_text(body))
        entry = Entry(
            address=link.staging.physical_address.removeprefix("s3://"),
            size=link.size_bytes,
            checksum=link.checksum,
            content_type=link.content_type or "application/octet-stream",
            metadata=link.user_metadata or {},
        )
        return 200, self.stage(name, branch, entry)[1]

    def stat(self, _: Path, name: str, reference: str) -> tuple[int, Any]:
        entry = self.owner.repository(name).entry(reference, self.query["path"])
        return 200, entry.stats(self.query["path"], f"local://{name}/{entry.address}")

    def read(self, _: Path, name: str, reference: str) -> tuple[int, Any]:
        entry = self.owner.repository(name).entry(reference, self.query["path"])
        if self.query.get("presign", "").lower() == "true":
            return 302, f"{self.owner.store}/{entry.address}?signature={secrets.token_hex(8)}"
        return 200, self.owner.folder / entry.address

    def list_tags(self, _: Path, name: str) -> tuple[int, Any]:
        repository = self.owner.repository(name)
        return 200, self.paged(repository.tag(each) for each in sorted(repository.tags))

    def create_tag(self, body: Path, name: str) -> tuple[int, Any]:
        creation = lakefs_sdk.TagCreation.from_json(_text(body))
        return 201, self.owner.repository(name).create_tag(creation)

    def delete_tag(self, _: Path, name: str, tag: str) -> tuple[int, Any]:
        self.owner.repository(name).tag(tag)
        del self.owner.repository(name).tags[tag]
        return 204, None

    def paged(self, found: Iterable[Any]) -> dict[str, Any]:
        items = [each for each in found if each.id.startswith(self.query.get("prefix", ""))]
        ids = [each.id for each in items]
        first = ids.index(self.query["after"]) + 1 if self.query.get("after") else 0
        last = first + min(self.owner.page, int(self.query.get("amount", 100)))
        more = last < len(items)
        pagination = lakefs_sdk.Pagination(
            has_more=more,
            max_per_page=self.owner.page,
            results=len(items[first:last]),
            next_offset=ids[last - 1] if more else "",
        )
        return {"pagination": pagination, "results": items[first:last]}


REPOSITORY = r"/repositories/([^/]+)"
ROUTES = [
    (r"GET /config", "config"),
    (rf"GET {REPOSITORY}", "get_repository"),
    (rf"GET {REPOSITORY}/branches", "list_branches"),
    (rf"POST {REPOSITORY}/branches", "create_branch"),
    (rf"DELETE {REPOSITORY}/branches/([^/]+)", "delete_branch"),
    (rf"POST {REPOSITORY}/branches/([^/]+)/commits", "commit"),
    (rf"POST {REPOSITORY}/branches/([^/]+)/objects", "upload"),
    (rf"GET {REPOSITORY}/branches/([^/]+)/staging/backing", "sign_upload"),
    (rf"PUT {REPOSITORY}/branches/([^/]+)/staging/backing", "link_upload"),
    (rf"GET {REPOSITORY}/commits/([^/]+)", "get_commit"),
    (rf"GET {REPOSITORY}/refs/([^/]+)/commits", "log"),
    (rf"POST {REPOSITORY}/refs/([^/]+)/merge/([^/]+)", "merge"),
    (rf"GET {REPOSITORY}/refs/([^/]+)/objects/stat", "stat"),
    (rf"GET {REPOSITORY}/refs/([^/]+)/objects", "read"),
    (rf"GET {REPOSITORY}/tags", "list_tags"),
    (rf"POST {REPOSITORY}/tags", "create_tag"),
    (rf"DELETE {REPOSITORY}/tags/([^/]+)", "delete_tag"),
]


def _checksum(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _text(file: Path) -> str:
    text = file.read_text()
    file.unlink()
    return text


def _json(result: Any) -> bytes:
    def plain(value: Any) -> Any:
        return value.to_dict()

    if isinstance(result, str):
        return result.encode()
    return b"" if result is None else json.dumps(result, default=plain).encode()
