"""A headless Chromium that is driven over its DevTools pipe, without any library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

fcntl = pytest.importorskip("fcntl", reason="the browser is driven over inherited pipes")

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_LONGEST_WAIT = 20.0
_CODES = {
    "Enter": 13,
    "Escape": 27,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}


class Tab:
    """One tab. What the page logged, threw or was refused is kept in `complaints`."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = to_browser, from_browser
        self._rest = b""
        self._last = 0
        self._session = ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def size(self, width: int, height: int, *, scale: float = 1, dark: bool = False) -> None:
        """Set the window's size in CSS pixels, and which colours the system prefers."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, address: str) -> None:
        """Load a page afresh, as from a bookmark, and wait until its scripts ran."""
        self._call("Page.navigate", {"url": "about:blank"})
        self.complaints.clear()
        self.requests.clear()
        self._call("Page.navigate", {"url": address})
        self.wait("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Return what an expression comes to, after its promise if it is one."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = self._call("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _LONGEST_WAIT
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"{condition} never came true"
            time.sleep(0.02)

    def settle(self) -> None:
        """Wait until what the last events asked for is on screen."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def press(self, *keys: str) -> None:
        """Press and release keys, one after the other."""
        for key in keys:
            self.hold(key)
            self.release(key)
        self.settle()

    def hold(self, key: str) -> None:
        """Press a key and keep it down."""
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        self._key("keyDown", key, **text)

    def release(self, key: str) -> None:
        """Let a key go."""
        self._key("keyUp", key)

    def _key(self, kind: str, key: str, **more: str) -> None:
        code = _CODES.get(key) or (ord(key.upper()) if key.isalnum() else 0)
        modifiers = 8 if len(key) == 1 and key.isupper() else 0
        event = {"type": kind, "key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self._call("Input.dispatchKeyEvent", {**event, **more})

    def click(self, selector: str) -> None:
        """Click the middle of the first element that a selector finds, as a person would."""
        self.mouse("click", *self.middle(selector))

    def middle(self, selector: str) -> tuple[float, float]:
        """Return where the middle of an element is in the window."""
        box = self.run(
            f"(({{left, top, width, height}}) => [left + width / 2, top + height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        return float(box[0]), float(box[1])

    def mouse(self, what: str, x: float, y: float, **more: object) -> None:
        """Click, or send one mouse event, at a point of the window."""
        kinds = ["mousePressed", "mouseReleased"] if what == "click" else [what]
        for kind in kinds:
            event = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1, **more}
            self._call("Input.dispatchMouseEvent", event)
        self.settle()

    def shot(self, path: Path) -> None:
        """Write what is on screen as a PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def pdf(self) -> bytes:
        """Return the page as it would be printed."""
        asked = {"printBackground": True, "transferMode": "ReturnAsBase64"}
        return base64.b64decode(self._call("Page.printToPDF", asked)["data"])

    def _call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        self._last += 1
        message = {"id": self._last, "method": method, "params": params or {}}
        if self._session:
            message["sessionId"] = self._session
        _write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                assert "error" not in answer, f"{method}: {answer.get('error')}"
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"])[:1000])
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(params["args"])[:1000])
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"][:200])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], _LONGEST_WAIT)
            assert ready, "the browser does not answer"
            more = os.read(self._in, 1 << 20)
            assert more, "the browser ended"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _write(pipe: int, content: bytes) -> None:
    while content:
        content = content[os.write(pipe, content) :]


@contextmanager
def chromium(profile: Path) -> Iterator[Tab]:
    """Start a Chromium of its own and give one tab; skip the test where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed")
    (there, to_browser), (from_browser, back) = os.pipe(), os.pipe()
    # The browser reads from 3 and writes to 4, whatever our own numbers are.
    high = [fcntl.fcntl(pipe, fcntl.F_DUPFD, 100) for pipe in (there, back)]
    process = os.posix_spawn(
        program,
        [program, *_FLAGS, f"--user-data-dir={profile}"],
        {**os.environ, "HOME": str(profile), "XDG_CONFIG_HOME": str(profile)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0o600),
            (os.POSIX_SPAWN_DUP2, high[0], 3),
            (os.POSIX_SPAWN_DUP2, high[1], 4),
        ],
        setpgroup=0,
    )
    for pipe in (there, back, *high):
        os.close(pipe)
    try:
        yield Tab(to_browser, from_browser)
    finally:
        os.close(to_browser)
        os.close(from_browser)
        # It ends by itself when its pipe does; whatever of it stays is of our own group.
        _ended(process)


def _ended(process: int) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if os.waitpid(process, os.WNOHANG)[0]:
            return
        time.sleep(0.02)
    os.killpg(process, 9)
    os.waitpid(process, 0)
