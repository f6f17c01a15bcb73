"""A Comet server for the tests: it takes what the real package sends, over HTTP."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.json_server import JsonHandler

KEY = "abcdefghijklmnopqrstuvwxyz012345"


@dataclass
class Experiment:
    """What was sent of one experiment."""

    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    assets: dict[str, bytes] = field(default_factory=dict)
    handshakes: list[str] = field(default_factory=list)


class CometServer:
    """Runs on a free port of 127.0.0.1 until it is closed."""

    def __init__(self) -> None:
        self.experiments: dict[str, Experiment] = {}
        self.unknown: list[str] = []
        self.lock = threading.RLock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.comet = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_port}/clientlib/"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def take(self, path: str, sent: dict[str, Any]) -> dict[str, Any]:
        """Take in a JSON request, and answer it."""
        key = sent.get("experimentKey") or sent.get("experimentId") or ""
        with self.lock:
            experiment = self.experiments.setdefault(key, Experiment()) if key else Experiment()
            if path.endswith("/run"):
                experiment.handshakes.append(path.rpartition("/logger/")[2])
                limits = {"upload_file_size_limit_in_mb": 100}
                known = {"runId": "r1", "project_id": "p1", "lastOffset": 0}
                return {**known, **limits, "focusUrl": self.url}
            if path.endswith("/status-report/update"):
                return {
                    "is_alive_beat_duration_millis": 60000,
                    "gpu_monitor_interval_millis": 60000,
                }
            if path.endswith("/experiment/parameter"):
                for each in sent.get("values") or [sent]:
                    experiment.parameters[each["parameterName"]] = each["parameterValue"]
            elif path.endswith("/experiment/metric"):
                experiment.metrics += sent.get("values") or [sent]
            elif path.endswith("/log-other"):
                experiment.others[sent["key"]] = sent["value"]
            else:
                self.unknown.append(path)
            return {}

    def take_asset(self, query: dict[str, list[str]], content: bytes) -> None:
        """Take in a file."""
        with self.lock:
            experiment = self.experiments.setdefault(query["experimentId"][0], Experiment())
            experiment.assets[query["fileName"][0]] = content


class Handler(JsonHandler):
    """Answers JSON requests, and takes multipart uploads."""

    def do_POST(self) -> None:
        comet, body, address = self.server.comet, self.body(), urlsplit(self.path)
        kind = self.headers.get("Content-Type") or ""
        if kind.startswith("multipart/form-data"):
            comet.take_asset(parse_qs(address.query), _file_in(kind, body))
            self.answer({})
            return
        sent = json.loads(body) if body else {}
        if (sent.get("apiKey") or self.headers.get("Authorization") or KEY) != KEY:
            self.answer({"msg": "The API key is not valid", "sdk_error_code": 0}, 401)
            return
        self.answer(comet.take(address.path, sent))

    def do_GET(self) -> None:
        self.answer({"msg": "Healthy Server", "version": "3.58.8"})


def _file_in(kind: str, body: bytes) -> bytes:
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts = [part for part in message.walk() if part.get_filename()]
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    return content
