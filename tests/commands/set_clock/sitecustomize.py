"""Moves the wall clock of each Python process that has this folder in PYTHONPATH, forward or back.

The file CLOCK holds the number of seconds, and is read again while the process runs.
"""

import os
import time

_real = time.time


def _set() -> float:
    try:
        with open(os.environ.get("CLOCK", ""), encoding="ascii") as file:
            return _real() + float(file.read() or 0)
    except OSError:
        return _real()


time.time = _set
