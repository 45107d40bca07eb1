"""A terminal: a program that draws on it, and the page that shows what was drawn, by xterm.js."""

from __future__ import annotations

import fcntl
import html
import json
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path

from moemap.tests.browser.chromium import Page

XTERM = Path(__file__).parent / "node_modules" / "@xterm" / "xterm"
_QUIET = 0.5


def drawn(command: list[str], size: tuple[int, int], until: Path, environment: Mapping[str, str]) -> bytes:
    """All that a program writes to a terminal of so many columns and lines, until it makes a file and is quiet."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        command,
        env={**os.environ, **colours, **environment},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    written, patience = b"", time.monotonic() + 60
    try:
        while True:
            if select.select([ours], [], [], _QUIET)[0]:
                written += os.read(ours, 1 << 16)
            elif until.exists():
                return written
            assert process.poll() is None, written[-2_000:]
            assert time.monotonic() < patience, written[-2_000:]
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def show(page: Page, written: bytes, size: tuple[int, int], folder: Path) -> list[str]:
    """Shows what was written on a page, and returns the lines that can be read there."""
    options = {
        "cols": size[0],
        "rows": size[1],
        "fontSize": 14,
        "lineHeight": 1.25,
        "scrollback": 0,
        "theme": {"background": "#ffffff", "cursor": "#24292f"},
        "fontFamily": "DejaVu Sans Mono, monospace",
    }
    file = folder / "terminal.html"
    file.write_text(
        f"""<!doctype html><meta charset="utf-8"><title>terminal</title>
<link rel="stylesheet" href="{html.escape((XTERM / "css" / "xterm.css").as_uri())}">
<style>body {{ margin: 0; width: max-content }}</style><div id="terminal"></div>
<script src="{html.escape((XTERM / "lib" / "xterm.js").as_uri())}"></script>
<script>
  const terminal = new Terminal({json.dumps(options)});
  terminal.open(document.getElementById("terminal"));
  terminal.write(new Uint8Array({json.dumps([*written])}), () => {{ window.written = true; }});
</script>""",
        "utf-8",
    )
    page.open(file)
    page.wait("window.written")
    lines = "(_, number) => terminal.buffer.active.getLine(number)?.translateToString(true) ?? ''"
    found: list[str] = page.run(f"Array.from({{length: {size[1]}}}, {lines})")
    return found
