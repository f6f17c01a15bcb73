"""The server answers its own page, by the fitted models, and nobody else."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from threading import Thread
from typing import Any

import numpy as np
import pytest
from tests.evaluation.what_if.conftest import FEATURES, Made, made

from experiment_cycle.evaluation.what_if.examples import to_examples
from experiment_cycle.evaluation.what_if.playground import Playground
from experiment_cycle.evaluation.what_if.server import HOST, MOST_BYTES, WhatIfServer

JSON = {"Content-Type": "application/json"}
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def served() -> Iterator[tuple[WhatIfServer, Made]]:
    found = made("binary")
    models = {"challenger": found.model, "incumbent": found.model}
    with WhatIfServer(0, "<p>the page</p>", Playground(models, found.rows)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server, found
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(served: tuple[WhatIfServer, Made]) -> Ask:
    server, _ = served

    def call(
        path: str, content: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> tuple[int, Any]:
        connection = HTTPConnection(HOST, server.server_port, timeout=20)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is None and raw is None:
            connection.request("GET", path, headers=names)
        else:
            body = json.dumps(content).encode() if raw is None else raw
            connection.request("POST", path, body, JSON | names)
        answer = connection.getresponse()
        told = answer.read()
        assert "Access-Control-Allow-Origin" not in dict(answer.getheaders())
        connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(told) if is_json else told.decode()

    return call


def test_it_listens_on_this_computer_only(served: tuple[WhatIfServer, Made]) -> None:
    server, _ = served

    assert server.server_address[0] == "127.0.0.1"


def test_the_page_is_at_the_root_and_nothing_else_is_anywhere(ask: Ask) -> None:
    assert ask("/") == (200, "<p>the page</p>")
    for path in (
        "/data/plugins_listing",
        "/index.html",
        "/../conf/base/credentials.yml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/infer",
        "/?x",
    ):
        assert ask(path)[0] == 404, path
    assert ask("/__init__", {})[0] == 404
    assert ask("/answer", {})[0] == 404


def test_changed_rows_are_predicted_by_the_models(
    ask: Ask, served: tuple[WhatIfServer, Made]
) -> None:
    rows, model, _ = served[1]
    asked = rows.head(3).copy()
    asked["age"] = [20.0, 60.0, np.nan]

    status, found = ask("/infer", {"examples": to_examples(asked)})

    assert status == 200
    expected = model.predict(asked)[:, 0]
    for name in ("challenger", "incumbent"):
        assert [each["classes"][1]["score"] for each in found[name]] == pytest.approx(expected)


def test_dependence_follows_one_row_or_the_rows_of_the_page(
    ask: Ask, served: tuple[WhatIfServer, Made]
) -> None:
    rows, model, _ = served[1]
    one = rows.iloc[[5]]

    _, features = ask("/features", {})
    _, own = ask("/dependence", {"feature": "visits", "example": to_examples(one)[0]})
    _, mean = ask("/dependence", {"feature": "plan"})
    _, within = ask("/dependence", {"feature": "age", "low": 30, "high": 31})

    assert {each["name"] for each in features} == set(FEATURES)
    assert own["kind"] == "numeric"
    for point in own["curves"]["challenger"]["1"]:
        expected = model.predict(one.assign(visits=int(point["step"])))[0, 0]
        assert point["scalar"] == pytest.approx(expected)
    assert mean["kind"] == "categorical"
    points = {point["step"]: point["scalar"] for point in mean["curves"]["incumbent"]["1"]}
    assert set(points) == {"a", "b", "c"}
    for level, scalar in points.items():
        asked = rows.head(200)
        asked = asked.assign(plan=asked["plan"].where(asked["plan"] == level, level))
        assert scalar == pytest.approx(model.predict(asked)[:, 0].mean())
    steps = [point["step"] for point in within["curves"]["challenger"]["1"]]
    assert (min(steps), max(steps)) == (30, 31)
    _, ordered = ask("/sorted", {})
    interests = [each["interestingness"] for each in ordered]
    assert interests == sorted(interests, reverse=True)
    assert ordered[-1]["name"] == "flag"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_name_or_origin_is_turned_away(ask: Ask, headers: dict[str, str]) -> None:
    assert ask("/", **headers)[0] == 403
    assert ask("/infer", {"examples": []}, **headers)[0] == 403


def test_its_own_names_and_origin_are_welcome(ask: Ask, served: Any) -> None:
    port = served[0].server_port

    for name in (f"localhost:{port}", f"127.0.0.1:{port}"):
        assert ask("/features", {}, Host=name, Origin=f"http://{name}")[0] == 200


@pytest.mark.parametrize(
    ("path", "question", "status"),
    [
        ("/infer", {"raw": b"{}", "Content_Type": "text/plain"}, 415),
        ("/infer", {"raw": b"[]"}, 400),
        ("/infer", {"raw": b"{" * 100_000}, 400),
        ("/infer", {"raw": b"[" * 100_000}, 400),
        ("/infer", {"raw": b"{}", "Content_Length": str(MOST_BYTES + 1)}, 413),
        ("/infer", {"raw": b"{}", "Content_Length": "-1"}, 411),
        ("/infer", {"content": {"examples": []}}, 422),
        ("/infer", {"content": {"examples": "all"}}, 422),
        ("/infer", {"content": {"examples": [1]}}, 422),
        ("/dependence", {"content": {"feature": "no such"}}, 422),
        ("/dependence", {"content": {"feature": ["age"]}}, 422),
    ],
)
def test_a_bad_question_gets_a_sentence(
    ask: Ask, path: str, question: dict[str, Any], status: int
) -> None:
    found, told = ask(path, **question)

    assert found == status
    assert told["error"]
    assert ask("/")[0] == 200, "the server goes on"


def test_what_the_model_cannot_predict_is_said(ask: Ask, served: Any) -> None:
    served[1].own.types["age"] = "spoilt"

    status, told = ask("/infer", {"examples": to_examples(served[1].rows.head(1))})

    assert status == 422
    assert "cannot predict" in told["error"]


def test_a_port_in_use_is_an_error(served: tuple[WhatIfServer, Made]) -> None:
    server, _ = served

    with pytest.raises(OSError, match="in use"):
        WhatIfServer(server.server_port, "", server.playground)


def test_a_browser_that_goes_away_is_no_news(
    served: tuple[WhatIfServer, Made], ask: Ask, capfd: pytest.CaptureFixture[str]
) -> None:
    server, _ = served
    for sent in (b"GET / HT", b"POST /infer HTTP/1.1\r\nHost: localhost\r\nContent-Le"):
        with socket.create_connection((HOST, server.server_port)) as browser:
            browser.sendall(sent)
            # so that what is left is not waited for, but reset
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert ask("/") == (200, "<p>the page</p>")
    assert capfd.readouterr().err == ""
