"""`moemap studio`: rules, samples and results on one page of a browser on this machine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from .shared.command import FINE, Command
from .shared.extras import needs_extra
from .shared.targets import check_outputs
from .shared.verbosity import is_quiet

__all__ = ["command"]


@click.command(
    "studio",
    cls=Command,
    epilog="""
    moemap studio
    moemap studio my-mapping --no-browser
    moemap studio mappings/mparticle-moengage/v1 --port 8765
    moemap studio my-mapping --export state.html
    """,
)
@click.argument("project", default=".", type=click.Path(exists=True))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="The port; by default, any free one."
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the token into this file, which you alone can read, instead of into the address.",
)
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the rules, samples and results into one page to be sent to others, and open nothing.",
)
@click.option("--show-values", is_flag=True, help="With --export: show the values of samples instead of their kinds.")
def command(
    project: str, port: int, no_browser: bool, token_file: Path | None, export: Path | None, show_values: bool
) -> None:
    """Edit rules and see their results for samples at once.

    PROJECT is a mapping, or a folder with mappings. A page opens in the browser, with the rule files, several samples,
    their requests, and why each value is there; all are computed again with each key that is pressed. The page is
    served by this command, to this machine alone, and nothing leaves it. Rule files are changed when you save.
    """
    from ..engine.diagnostics.terminal import printable
    from ..engine.source.project import Project

    start = Path(project).absolute()
    folder = start if start.is_dir() else start.parent
    root = Project.around(folder).root or folder
    if export is not None:
        _export(root, start, export, show_values=show_values)
        sys.exit(FINE)
    needs_extra("aiohttp", "Studio", "studio")
    from ..engine.studio.serving import serve

    def announce(address: str, token: str | None) -> None:
        whole = address if token is None else f"{address}#{token}"
        if no_browser or not is_quiet():
            click.echo(f"Studio is at {whole}", err=True)
        if not is_quiet():
            click.echo("The address opens one browser. Ctrl-C ends Studio.", err=True)
        if not no_browser:
            click.launch(whole)

    def warn(names: list[str]) -> None:
        click.echo(f"Not saved: {', '.join(map(printable, names))}. Press Ctrl-C again to give that up.", err=True)

    try:
        asyncio.run(serve(root, start, port, announce, warn, token_file))
    except OSError as error:
        raise click.UsageError(str(error)) from None
    sys.exit(FINE)


def _export(root: Path, start: Path, file: Path, *, show_values: bool) -> None:
    """Writes the page with the present state; exits with exit code 2 if no mapping can be used."""
    from ..engine.jobs.files import written_whole
    from ..engine.studio.results import AskError
    from ..engine.studio.worker import Worker

    worker = Worker(root, start)
    try:
        page = worker.exported(show_values=show_values)
    except AskError as error:
        raise click.UsageError(str(error)) from None
    check_outputs([str(file)], map(worker.project.path, worker.project.kinds), of="project")
    with written_whole(file) as written:
        written.write(page.encode("utf-8", "backslashreplace"))
