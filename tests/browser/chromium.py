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
    *("--disable-default-apps", "--no-default-browser-check"),
    *("--renderer-process-limit=1", "--disable-site-isolation-trials"),  # not a new process for each page
    *("--remote-debugging-pipe", "about:blank"),
)
PATIENCE = 20.0
"""The seconds after which an answer is given up."""
KEYS = {
    "Backspace": 8,
    "ArrowDown": 40,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "ArrowUp": 38,
    "End": 35,
    "Enter": 13,
    "Escape": 27,
    "F1": 112,
    "F2": 113,
    "F4": 115,
    "F12": 123,
    "Home": 36,
    "Tab": 9,
}
MODIFIERS = {"Alt": 1, "Control": 2, "Shift": 8}


def found() -> str | None:
    """The path of the browser; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One page. `complaints` are the messages of its console and its policy, `requests` the requested addresses."""

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
        self._pointer = 0.0, 0.0
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
        number = self._post(method, parameters)
        while (message := self._message()).get("id") != number:
            self._note(message)
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return message["result"]

    def _post(self, method: str, parameters: dict[str, Any]) -> int:
        self._number += 1
        session = {} if self._session is None else {"sessionId": self._session}
        text = json.dumps({"id": self._number, "method": method, "params": parameters, **session}).encode() + b"\0"
        while text:
            text = text[os.write(self._out, text) :]
        return self._number

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
            case "Page.javascriptDialogOpening":  # a page with unsaved texts asks whether it may be left
                self._post("Page.handleJavaScriptDialog", {"accept": True})

    def open(self, path: Path, *, width: int = 1280, dark: bool = False) -> None:
        """Opens a file at a width, in light or dark colours, and waits until it is there."""
        self.visit(path.resolve().as_uri(), width=width, dark=dark)

    def visit(self, address: str, *, width: int = 1280, dark: bool = False) -> None:
        """Opens an address, as `open` does a file."""
        self.requests.clear()
        self.complaints.clear()
        self.resize(width)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.send("Page.navigate", url=address)
        there = json.dumps(f"complete{address.partition('#')[0]}")
        self.wait(f"document.readyState + location.href.split('#')[0] === {there}")

    def resize(self, width: int) -> None:
        """Sets the width of the page, like that of a phone if it is small."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=844 if width < 600 else 800,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def wait(self, script: str) -> None:
        """Waits until an expression in the page holds."""
        until = time.monotonic() + PATIENCE
        while not self.run(f"Boolean({script})"):
            assert time.monotonic() < until, f"it does not come true: {script}"
            time.sleep(0.02)

    def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited if it is a promise."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, keys: str) -> None:
        """Presses and releases a key, such as `Tab` or `Control+s`."""
        *held, key = keys.split("+")
        number = KEYS.get(key) or ord(key.upper())
        about = {
            "key": key,
            "code": f"Digit{key}" if key.isdigit() else key,
            "windowsVirtualKeyCode": number,
            "modifiers": sum(MODIFIERS[one] for one in held),
        }
        text = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **about, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        """Enters text where the focus is."""
        self.send("Input.insertText", text=text)

    def point(self, selector: str, text: str = "") -> None:
        """Moves the pointer near the middle of the first element that matches and has a text, once that is still."""
        find = (
            f"[...document.querySelectorAll({json.dumps(selector)})].find((one) => "
            f"one.textContent.includes({json.dumps(text)}))"
        )
        until = time.monotonic() + PATIENCE
        while not (
            box := self.run(
                f"(async () => {{ const one = {find}; if (!one) return null; one.scrollIntoView({{block: 'center'}}); "
                "const place = () => { const box = one.getBoundingClientRect(); "
                "return [box.x + Math.min(box.width / 2, 60), box.y + box.height / 2]; }; "
                "const before = place(); await new Promise((then) => requestAnimationFrame(() => setTimeout(then))); "
                "const now = place(); return one.isConnected && String(before) === String(now) ? now : null; })()"
            )
        ):
            assert time.monotonic() < until, f"it is not there: {selector} {text}"
            time.sleep(0.02)
        self._pointer = box[0], box[1]
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])

    def click(self, selector: str, text: str = "") -> None:
        """Clicks where `point` points."""
        self.point(selector, text)
        for kind in ("mousePressed", "mouseReleased"):
            x, y = self._pointer
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path, *, whole: bool = False, of: str = "") -> None:
        """Writes a picture of the page as PNG: of what is in sight, the whole of it, or one element."""
        part = {}
        if of:
            box = self.run(f"document.querySelector({json.dumps(of)}).getBoundingClientRect().toJSON()")
            part = {"clip": {**{name: box[name] for name in ("x", "y", "width", "height")}, "scale": 1}}
        made = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **part)
        path.write_bytes(b64decode(made["data"]))
