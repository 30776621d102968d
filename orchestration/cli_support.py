"""What every command of `suara` needs: its data folder, and running the job in this process.

Belongs here: what several modules of commands share. Does not belong here: commands, arguments, printing of results.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import click

from orchestration.contract import PROJECT_ROOT, DataDir, SuaraError, replacing

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that isolates everything a run reads and writes. Default: data/ in the checkout.",
)

# What dagster calls it when a run that nobody cancelled in its UI is told to end.
_STOPPED = "UNEXPECTED_TERMINATION"

of_option = click.option(
    "--of",
    "conditions",
    multiple=True,
    metavar="WHAT=VALUE",
    help="Only these posts: account=HANDLE, year=2019 or year=2015-2019, language=id, theme=CODE; may be given several "
    "times, and all must hold.",
)


def use_data_dir(data_dir: Path | None) -> DataDir:
    """Point this process, and what it starts, at one data folder and its Dagster instance."""
    if data_dir is not None:
        os.environ["SUARA_DATA_DIR"] = str(data_dir.resolve())
    paths = DataDir.from_env()
    paths.make_inbox()
    paths.dagster_home.mkdir(exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(paths.dagster_home)
    settings = paths.dagster_home / "dagster.yaml"
    shipped = PROJECT_ROOT / "dagster.yaml"
    if not settings.exists() or settings.read_bytes() != shipped.read_bytes():
        with replacing(settings) as partial:  # another process may be reading it
            shutil.copyfile(shipped, partial)
    return paths


class InterruptedRunError(SuaraError):
    """A run that somebody stopped: no gate was closed."""


def outside(paths: DataDir, target: Path) -> Path:
    """A file or folder to write to, as it was named: what lies below the data folder is not to be written over.

    Raises:
        SuaraError: It lies there.
    """
    if target.resolve().is_relative_to(paths.root.resolve()):
        raise SuaraError(f"{target}: expected a place outside of {paths.root}; found one below it. Name another place.")
    return target


def may_export_to(paths: DataDir, target: Path) -> Path:
    """A file or folder to hand posts out in, as it was named (see `outside`).

    Raises:
        SuaraError: A deletion is not finished: what has to go could be among these posts.
    """
    from orchestration.deletion.journal import refuse_while_begun

    refuse_while_begun(paths)
    return outside(paths, target)


def execute(
    files: list[str], *, source: str | None = None, column_map: Path | None = None, synthetic: bool = False
) -> tuple[str, bool, list[str]]:
    """Run the `refresh` job in this process.

    Returns:
        The run id, whether it succeeded, and what failed in words.

    Raises:
        InterruptedRunError: The run was stopped from outside (Ctrl-C, SIGTERM).
    """
    _quieten()
    _relax_run_history()
    from orchestration.definitions import defs
    from orchestration.resources.run_history import end_abandoned, open_instance

    config = {
        "files": files,
        "source": source,
        "column_map": str(column_map.resolve()) if column_map else None,
        "synthetic": synthetic,
    }
    with open_instance() as instance:
        end_abandoned(instance)
        result = defs.resolve_job_def("refresh").execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"ops": {"captures": {"config": config}}, "loggers": {"progress": {"config": {}}}},
        )
    refuse_interrupted(result)
    failures = []
    for event in result.all_events:
        if event.is_step_failure:
            failures.append(failure_text(event.step_failure_data))
    return result.run_id, result.success, failures


def refuse_interrupted(result: Any) -> None:
    """Raise for a run that was stopped from outside; dagster reports it as one that failed."""
    for event in result.all_events:
        if event.is_job_failure and getattr(event.job_failure_data.failure_reason, "name", "") == _STOPPED:
            raise InterruptedRunError(
                "Interrupted: warehouse and published files are as the last step that was finished left them. "
                "`suara run` begins again."
            )


def failure_text(data: Any) -> str:
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return (error.message if error else "a step failed without saying why").strip()


def print_failures(failures: list[str]) -> None:
    for failure in failures:
        click.secho(failure, fg="red", err=True)


def _relax_run_history() -> None:
    """Dagster's list of runs, too, is written without waiting for the disk (see `RunHistory`)."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from orchestration.resources.run_history import without_waiting_for_the_disk

    @event.listens_for(Engine, "connect")
    def _no_wait(connection: Any, _: Any) -> None:
        if type(connection).__module__.startswith("sqlite3"):
            without_waiting_for_the_disk(connection)


def _quieten() -> None:
    for name in ("dbt", "great_expectations", "alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.ERROR)
