"""Has Ctrl-C end the process without a word while the modules of the command are imported."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["ends_at_once"]


@contextmanager
def ends_at_once() -> Iterator[None]:
    """Has Ctrl-C end the process by its signal in the block, where Python would print a traceback of imports."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # and not ignored, as after nohup
    with suppress(ValueError):  # a thread that is not the first one takes no signals
        if is_ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        with suppress(ValueError):
            if is_ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
