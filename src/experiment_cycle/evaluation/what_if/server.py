"""Serves the What-If page to this computer only, and answers what the page asks."""

from __future__ import annotations

import json
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.what_if.playground import Playground

HOST = "127.0.0.1"
"""Never another: whoever reaches the server sees the test set."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a question; 20,000 rows of a hundred columns are less."""
PATIENCE = 60
"""Seconds that a browser may take to send what it announced."""


class WhatIfServer(ThreadingHTTPServer):
    """The page at `/`, a POST for each question of `Playground`, and nothing else.

    Only requests addressed to this server by its own name are answered, so that a page from
    elsewhere cannot reach it under a name of its own (DNS rebinding); none of another origin; and a
    question must be JSON, which no page of another origin can send unasked.

    Args:
        port: 0: any that is free.
        page: The HTML.
        playground: What answers.

    Raises:
        OSError: the port is in use.
    """

    daemon_threads = True
    # elsewhere it would let two servers have one port
    allow_reuse_address = os.name == "posix"

    def __init__(self, port: int, page: str, playground: Playground) -> None:
        super().__init__((HOST, port), Handler)
        self.page = page.encode("utf-8")
        self.playground = playground

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a browser that went away; its next request is a new one."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def names(self) -> frozenset[str]:
        """How the server may be addressed."""
        return frozenset(f"{name}:{self.server_port}" for name in (HOST, "localhost"))

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: WhatIfServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "what-if", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Send the page."""
        if self._is_ours():
            if self.path == "/":
                self._send(HTTPStatus.OK, self.server.page, "text/html; charset=utf-8")
            else:
                self._refuse(HTTPStatus.NOT_FOUND, "There is only the page at /.")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Answer a question of the page."""
        if not self._is_ours():
            return
        what = self.path.removeprefix("/")
        if what not in Playground.questions:
            return self._refuse(HTTPStatus.NOT_FOUND, "There is no such question.")
        asked = self._question()
        if asked is None:
            return None
        try:
            found = self.server.playground.answer(what, asked)
        except DataError as error:
            return self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, error.message)
        except Exception as error:  # a model may raise anything, and the page says so
            told = f"The model cannot predict this: {error}"
            return self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, told)
        return self._send_json(HTTPStatus.OK, found)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: requests are no news."""

    def _is_ours(self) -> bool:
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        if host in self.server.names and (
            origin is None or urlsplit(origin).netloc in self.server.names
        ):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, f"Open {self.server.address} instead.")
        return False

    def _question(self) -> dict[str, Any] | None:
        if self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A question is JSON.")
            return None
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "A question says how long it is.")
            return None
        if int(length) > MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The question is too long.")
            return None
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, "A question is a JSON object.")
            return None
        return asked

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        # what was not read would be taken for the next request
        self.close_connection = True
        self._send_json(status, {"error": why})

    def _send_json(self, status: HTTPStatus, content: Any) -> None:
        body = json.dumps(content, separators=(",", ":")).encode("utf-8")
        self._send(status, body, "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
