"""A headless Chromium that tests drive through its DevTools protocol, on a pipe: no port, no other library."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--disable-default-apps", "--no-default-browser-check", "--remote-debugging-pipe", "about:blank"),
)
PATIENCE = 60.0
"""The seconds after which an answer will not come."""
KEYS = {"ArrowDown": 40, "ArrowUp": 38, "End": 35, "Escape": 27, "Home": 36, "Tab": 9}


def found() -> str | None:
    """The path of the browser; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One page. `complaints` has what the console and the policy of the page said, `requests` the addresses asked."""

    def __init__(self, profile: Path) -> None:
        inner_in, self._out = os.pipe()
        self._in, inner_out = os.pipe()
        command = f'exec "$0" "$@" 3<&{inner_in} 4>&{inner_out}'  # the protocol speaks on 3 and 4
        arguments = [found() or "", *OPTIONS[:-1], f"--user-data-dir={profile}", OPTIONS[-1]]
        self._process = subprocess.Popen(
            ["bash", "-c", command, *arguments],
            pass_fds=(inner_in, inner_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(inner_in)
        os.close(inner_out)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)

    def close(self) -> None:
        self._session = None
        try:
            self.send("Browser.close")
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._in)
            os.close(self._out)

    def send(self, method: str, **parameters: Any) -> Any:
        """The answer to a command."""
        self._number += 1
        session = {} if self._session is None else {"sessionId": self._session}
        text = json.dumps({"id": self._number, "method": method, "params": parameters, **session}).encode() + b"\0"
        while text:
            text = text[os.write(self._out, text) :]
        while (message := self._message()).get("id") != self._number:
            self._note(message)
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return message["result"]

    def _message(self) -> Any:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], max(0.0, until - time.monotonic()))[0]:
                raise AssertionError("the browser does not answer")
            piece = os.read(self._in, 1 << 20)
            if not piece:
                raise AssertionError("the browser has ended")
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, message: Any) -> None:
        about = message.get("params", {})
        match message.get("method"):
            case "Log.entryAdded":
                self.complaints.append(about["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(about["exceptionDetails"]["exception"].get("description", "exception"))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(about["args"]))
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])

    def open(self, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Opens a file at a width, in light or dark colours, and waits until it is there."""
        self.requests.clear()
        self.complaints.clear()
        height = 844 if width < 600 else 800
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.send("Page.navigate", url=path.resolve().as_uri())
        until = time.monotonic() + PATIENCE
        while self.run("document.readyState + location.href") != f"complete{path.resolve().as_uri()}":
            assert time.monotonic() < until, "the page does not load"

    def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, what it becomes."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Presses and releases a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])

    def type(self, text: str) -> None:
        """Enters text where the focus is."""
        self.send("Input.insertText", text=text)

    def point(self, selector: str) -> None:
        """Moves the pointer to the middle of the first element that fits."""
        box = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}); "
            "one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect(); "
            "return [box.x + Math.min(box.width / 2, 60), box.y + box.height / 2]; })()"
        )
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Writes a picture of the page as PNG: of what is in sight, or the whole of it."""
        made = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(b64decode(made["data"]))
