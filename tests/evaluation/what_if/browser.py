"""Chromium without a window, driven over its DevTools protocol: it finds, clicks, types, looks."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60.0
# goes through shadow roots, as a person's eyes do
FIND = """
((selector, text) => {
  const found = [];
  (function search(root) {
    root.querySelectorAll(selector).forEach((each) => found.push(each));
    root.querySelectorAll("*").forEach((each) => each.shadowRoot && search(each.shadowRoot));
  })(document);
  const seen = found.filter((each) => each.getClientRects().length
    && (text === null || (each.textContent || "").trim() === text));
  return seen;
})
"""


def chromium() -> str | None:
    """Find the program."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for found in map(shutil.which, names) if found), None)


class Browser:
    """One page.

    Args:
        socket: A connection to its DevTools.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0

    def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of the protocol, and wait for what it gives."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": arguments}))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def value(self, script: str) -> Any:
        """Evaluate an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str) -> Any:
        """Wait until an expression is true, and give it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self.value(script)
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"never true: {script}")

    def found(self, selector: str, text: str | None = None) -> str:
        """Write the expression that finds what can be seen of a selector."""
        return f"{FIND}({json.dumps(selector)}, {json.dumps(text)})"

    def click(self, selector: str, text: str | None = None, nth: int = 0) -> None:
        """Press and release the mouse in the middle of an element."""
        element = f"{self.found(selector, text)}[{nth}]"
        self.wait(element + " !== undefined")
        self.value(element + ".scrollIntoView({block: 'center'})")
        x, y = self.wait(
            f"(() => {{ const box = {element}.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        self.click_at(x, y)

    def click_at(self, x: float, y: float) -> None:
        """Press and release the mouse."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type in place of what the focused field holds, and leave it."""
        self.call(
            "Input.dispatchKeyEvent",
            type="keyDown",
            key="a",
            code="KeyA",
            modifiers=2,
            windowsVirtualKeyCode=65,
            commands=["selectAll"],
        )
        self.call("Input.dispatchKeyEvent", type="keyUp", key="a", code="KeyA", modifiers=2)
        self.call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )

    def picture(self, file: Path) -> None:
        """Keep what is seen."""
        held = self.call("Page.captureScreenshot", format="png")["data"]
        file.write_bytes(base64.b64decode(held))


@contextmanager
def open_page(
    address: str, folder: Path, *, width: int = 1500, height: int = 950
) -> Iterator[Browser]:
    """Open a page in a browser of its own, which keeps nothing."""
    from websockets.sync.client import connect

    program = chromium()
    assert program is not None
    process = subprocess.Popen(
        [
            program,
            *QUIET,
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            f"--window-size={width},{height}",
            "about:blank",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "DevTools listening" in line)
        port = re.search(r":(\d+)/", told).group(1)
        targets = json.loads(urlopen(f"http://127.0.0.1:{port}/json").read())
        target = next(each for each in targets if each["type"] == "page")
        with connect(target["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
            browser = Browser(socket)
            browser.call("Page.enable")
            browser.call("Page.navigate", url=address)
            yield browser
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
