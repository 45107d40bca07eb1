"""The process of the command: how it ends, whatever happens to it.

Everything that is no business of one command stands here: Ctrl-C, a reader that went away, a disk that is full.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

__all__ = ["Group", "end"]

_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())  # newer versions show their help by an error
BY_SIGNAL = 128
"""What a shell adds to the number of the signal that ended a process."""
_SIGPIPE = 13
"""Its number wherever it exists: Windows has no such signal."""


class Group(click.Group):
    """The whole command. Ctrl-C is exit code 130 and a reader that went away 141; a file that cannot be read or written
    is wrong use."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        with _endings():
            return super().make_context(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        with _endings():
            return super().invoke(context)


@contextmanager
def _endings() -> Iterator[None]:
    if sys.stdout is None:
        raise click.UsageError("standard output is closed")
    try:
        try:
            yield
        except KeyboardInterrupt:
            _close_stdout()  # who reads it may be waiting for nothing
            raise
        finally:
            sys.stdout.flush()
    except click.UsageError as error:
        if isinstance(error, _HELP):
            raise
        raise click.UsageError(_printable(error.format_message()), error.ctx) from None
    except KeyboardInterrupt as interrupt:
        click.echo(f"\n{_printable(str(interrupt))}", err=True)  # after the ^C that the terminal shows
        _exit(BY_SIGNAL + signal.SIGINT)
    except BrokenPipeError:
        _close_stdout()
        _exit(BY_SIGNAL + _SIGPIPE)
    except OSError as error:
        if error.filename is None:
            _close_stdout()
        raise click.UsageError(_printable(f"{error.filename or 'standard output'}: {error.strerror}")) from None


def _printable(text: str) -> str:
    """Names of files and values of options may hold anything."""
    from ...engine.diagnostics.terminal import printable

    return printable(text)


def _exit(code: int) -> NoReturn:
    raise click.exceptions.Exit(code) from None


def _close_stdout() -> None:
    """Nothing more can be written: leave nothing for the interpreter to flush at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end(command: Callable[[], object]) -> NoReturn:
    """Runs the command and ends the process with its exit code.

    At once: to take every object apart, as Python does at its end, is a sixth of the time that one small batch takes.
    What a signal ended ends by that signal, so that a loop of a shell around the command ends with it.
    """
    try:
        command()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 0
    except OSError:  # standard error takes nothing: there is no place to say so
        code = 2
    else:
        code = 0
    if sys.stderr is not None:
        sys.stderr.flush()
    if code > BY_SIGNAL and os.name == "posix":
        signal.signal(code - BY_SIGNAL, signal.SIG_DFL)
        os.kill(os.getpid(), code - BY_SIGNAL)
    os._exit(code)
