"""`python -m bi.superset`: Superset with the dashboards of the project (`make superset`).

Belongs here: arguments and what is said. Does not belong here: how it is done (server, bundle, check).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from bi.superset import server
from orchestration.contract import DataDir, SuaraError

_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder of captures, warehouse, releases. Default: data/."
)
_environment = click.option(
    "--environment",
    type=click.Path(path_type=Path),
    default=server.ENVIRONMENT,
    help="Virtual environment of Superset. Default: bi/superset/.venv.",
)


class _Command(click.Group):
    """Errors for people, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SuaraError as error:
            click.echo(str(error), err=True)
            sys.exit(1)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Apache Superset on 127.0.0.1 with the dashboards of the project."""


@main.command()
@_data_dir
@_environment
@click.option("--port", default=server.PORT, show_default=True, help="Port on 127.0.0.1.")
def start(data_dir: Path | None, environment: Path, port: int) -> None:
    """Install what is missing, prepare, and serve until Ctrl-C."""
    paths = _paths(data_dir)
    home = server.home_of(paths)
    if (process_id := server.running(home)) is not None:
        click.echo(f"Superset serves {home.root} already, as process {process_id}. Stop: make superset-stop")
        return
    server.check_port(port)
    server.install(environment)
    made = server.prepare(home, paths.published_file, environment=environment)
    click.echo(f"User: admin{f'  password, shown this once: {made}' if made else ''}")
    click.echo(f"Starting on http://{server.HOST}:{port}  (stop with Ctrl-C, or `make superset-stop`)")
    sys.stdout.flush()
    arguments, environ = server.command(home, port, environment=environment)
    # The same process from here on: one id to stop, and nothing stays behind.
    os.execve(arguments[0], arguments, environ)


@main.command()
@_data_dir
def stop(data_dir: Path | None) -> None:
    """End the process that serves the data folder."""
    home = server.home_of(_paths(data_dir))
    click.echo("Stopped." if server.stop(home) else "Superset does not run here.")


@main.command()
@_environment
@click.option(
    "--first",
    type=click.Path(exists=True, path_type=Path),
    help="A data folder into which only the demo's archive was loaded; it is copied. Default: made here.",
)
@click.option("--screenshots", type=click.Path(path_type=Path), help="Keep a picture of every dashboard there.")
@click.option("--without-browser", is_flag=True, help="Ask the REST API only.")
def check(environment: Path, first: Path | None, screenshots: Path | None, without_browser: bool) -> None:
    """Ask every chart and draw every dashboard, in a temporary folder, while a publish happens."""
    from bi.superset.check import run

    server.install(environment)
    sys.exit(run(environment, first=first, screenshots=screenshots, browser=not without_browser))


def _paths(data_dir: Path | None) -> DataDir:
    return DataDir(data_dir.resolve()) if data_dir else DataDir.from_env()


if __name__ == "__main__":
    main(prog_name="python -m bi.superset")
