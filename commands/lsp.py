"""`moemap lsp`: serves an editor over the Language Server Protocol."""

from __future__ import annotations

import os
import sys

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.extras import needs_extra
from .shared.verbosity import is_quiet

__all__ = ["command"]


@click.command(
    "lsp",
    cls=Command,
    failure="the editor exited without a shutdown",
    epilog="""
    moemap lsp
    Neovim   vim.lsp.config('moemap', {cmd = {'moemap', 'lsp'}, filetypes = {'yaml'}})
    Neovim   vim.lsp.enable('moemap')
    Helix    language-server.moemap = {command = "moemap", args = ["lsp"]}
    Emacs    (add-to-list 'eglot-server-programs '(yaml-ts-mode . ("moemap" "lsp")))
    VS Code  the extension in editors/vscode: make vscode
    """,
)
def command() -> None:
    """Serve an editor over the Language Server Protocol.

    The editor starts this command, and speaks to it over standard input and output. It answers for rule, workspace and
    test files, with unsaved texts: problems, completion, values of a sample, and more.

    docs/editors.md has the setup of editors.
    """
    needs_extra("pygls", "the language server", "lsp")
    from ..engine.language_server.server import serve

    if sys.stdin.isatty() and not is_quiet():
        click.echo("Waiting for the messages of an editor; docs/editors.md says how editors start this.", err=True)
    # Other output, such as a library's warning, must not come between the messages.
    stdout = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.exit(FINE if serve(sys.stdin.buffer, stdout) else PROBLEMS)
