"""The end of the command's process, in all cases that concern every command: Ctrl-C, a closed pipe, a full disk."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from asyncio import Future

__all__ = ["ExitCodeGroup", "end", "in_thread", "when_ended"]

_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())  # newer versions show their help by an error
BY_SIGNAL = 128
"""A shell adds this to the number of the signal that ended a process."""
_SIGPIPE = 13
"""The number of SIGPIPE, which Windows does not have."""


class ExitCodeGroup(click.Group):
    """The whole command, with its exit codes.

    Ctrl-C is exit code 130, a closed pipe 141; a file that cannot be read or written is wrong use.
    """

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
            _close_stdout()  # its reader may be waiting in vain
            raise
        finally:
            sys.stdout.flush()
    except click.UsageError as error:
        if isinstance(error, _HELP):
            raise
        raise click.UsageError(_printable(error.format_message().replace("\n\t", " ")), error.ctx) from None
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
    """Escapes names of files and values of options, which may contain anything."""
    from ...engine.diagnostics.terminal import printable

    return printable(text)


def _exit(code: int) -> NoReturn:
    raise click.exceptions.Exit(code) from None


def _close_stdout() -> None:
    """Redirects standard output to the null device, so that Python does not fail to flush it at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end(command: Callable[[], object]) -> NoReturn:
    """Runs the command and ends the process with its exit code.

    It ends at once: freeing every object, as Python does at its end, takes a sixth of the time of one small batch. A
    command that a signal interrupted ends by that signal, so that a shell loop around it ends too.
    """
    try:
        command()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 0
    except OSError:  # standard error is closed: there is nowhere to report it
        code = 2
    else:
        code = 0
    if sys.stderr is not None:
        sys.stderr.flush()
    if code > BY_SIGNAL and os.name == "posix":
        signal.signal(code - BY_SIGNAL, signal.SIG_DFL)
        os.kill(os.getpid(), code - BY_SIGNAL)
    os._exit(code)


def in_thread(call: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Calls something in a thread that the end of the process does not wait for, unlike those of the loop's pool."""
    import asyncio  # only here and below: most commands need none
    from concurrent import futures
    from threading import Thread

    result: futures.Future[Any] = futures.Future()

    def run() -> None:
        try:
            result.set_result(call(*arguments))
        except BaseException as error:
            result.set_exception(error)

    Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(result)


def when_ended(call: Callable[..., Any], *arguments: Any) -> None:
    """Lets the running loop call a function on the first SIGTERM or Ctrl-C; the second one ends the process."""
    import asyncio

    loop = asyncio.get_running_loop()

    def first(number: int) -> None:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
        call(*arguments)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, first, number)
        except NotImplementedError:  # as on Windows
            signal.signal(number, lambda number, _: loop.call_soon_threadsafe(first, number))
