"""Runs one program and says what it cost: seconds, CPU seconds, peak memory of the largest process in it.

Belongs here: the bare read, the whole run, and the reading of the run's own step times.
Does not belong here: growing, printing.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench.grow import Grown
from orchestration.contract import PROJECT_ROOT, DataDir

# Run in a process of its own: reads the same JSON with the same declared columns into a table of a new database file.
_BARE_READ = """
import json, sys, time
import duckdb
from orchestration.connectors import all_raw_tables
task = json.loads(sys.argv[1])
started = time.perf_counter()
with duckdb.connect() as memory:
    memory.execute("create schema raw")
    for ddl in all_raw_tables().values():
        memory.execute(ddl)
    described = memory.execute(f"describe raw.{task['raw_table']}").fetchall()
columns = {name: kind for name, kind, *_ in described if name not in ("capture_id", "record_no", "member")}
if task["wrapper"]:
    fields = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    columns = {task["wrapper"]: f"STRUCT({fields})"}
declared = time.perf_counter()
con = duckdb.connect(task["target"])
con.execute("set enable_progress_bar = false")
con.execute(
    "create table posts as select * from read_json(?, format=?, columns=?)",
    [task["files"], task["format"], columns],
)
rows = con.execute("select count(*) from posts").fetchone()[0]
con.close()
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - declared}))
"""


@dataclass(frozen=True)
class Cost:
    """What a program took. `peak_bytes` is that of its largest process."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


@dataclass(frozen=True)
class Run:
    """A whole run: its cost, the seconds of each step as it states them, the posts in what it published."""

    cost: Cost
    steps: tuple[tuple[str, float], ...]
    published_posts: int


class ProgramError(RuntimeError):
    """A measured program ended with an error; the message holds the end of its output."""


Made = TypeVar("Made")


def apart(function: Callable[..., Made], *arguments: object) -> Made:
    """Call a function in a process of its own, which takes its memory with it.

    Linux counts the largest memory of a parent as that of the programs it starts: after growing a file here, every
    program measured would show the peak of the growing (2.93 GB for each of seven, 2026-11-26).
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(command: Sequence[str], environment: dict[str, str], log: Path, cwd: Path = PROJECT_ROOT) -> Cost:
    """Run a command to its end, in the folder of the code that `python -m` is to find.

    Raises:
        ProgramError: When it ends with another status than 0.
    """
    with log.open("w+b") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=cwd)
        # wait4 counts the process and those it has waited for itself, such as a dbt it may have started.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode != 0:
        end = "\n".join(text.splitlines()[-40:])
        raise ProgramError(f"{' '.join(map(str, command[:6]))} … ended with {process.returncode}:\n{end}")
    kilo = 1 if sys.platform == "darwin" else 1024
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * kilo, text)


def program_environment(**more: str) -> dict[str, str]:
    """This environment with our programs and our code first, and more variables."""
    binaries = str(Path(sys.executable).parent)
    path = os.pathsep.join([binaries, os.environ.get("PATH", "")])
    python_path = os.pathsep.join([str(PROJECT_ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {**os.environ, "PATH": path, "PYTHONPATH": python_path, **more}


def bare_read(grown: Grown, folder: Path) -> Cost:
    """DuckDB's `read_json` with declared columns into a table; `seconds` is the read alone, without starting Python.

    Raises:
        ProgramError: When it fails, or reads another number of records than were grown.
    """
    target = folder / "bare.duckdb"
    target.unlink(missing_ok=True)
    task = {
        "files": [str(path) for path in grown.json_files],
        "format": grown.json_format,
        "raw_table": grown.raw_table,
        "wrapper": grown.wrapper,
        "target": str(target),
    }
    cost = measure([sys.executable, "-c", _BARE_READ, json.dumps(task)], program_environment(), folder / "bare.log")
    answer = json.loads(cost.output.strip().splitlines()[-1])
    target.unlink(missing_ok=True)
    if answer["rows"] != grown.posts:
        raise ProgramError(f"the bare read found {answer['rows']} records in a file of {grown.posts}")
    return Cost(answer["seconds"], cost.cpu_seconds, cost.peak_bytes, cost.output)


def whole_run(grown: Grown, data_dir: Path, log: Path) -> Run:
    """`suara run` on the grown capture into an empty data folder: capture to published, gates included.

    Raises:
        ProgramError: When the run fails.
    """
    command = [sys.executable, "-m", "orchestration.cli", "run", "--data-dir", str(data_dir), str(grown.capture)]
    cost = measure(command, program_environment(DAGSTER_DISABLE_TELEMETRY="yes"), log)
    places = DataDir(data_dir)
    return Run(cost, step_seconds(places), published_posts(places))


def step_seconds(places: DataDir) -> tuple[tuple[str, float], ...]:
    """Seconds of each step of the newest run, in order; empty when the run wrote none."""
    files = sorted((places.ledger / "timings").glob("*.json"), key=lambda path: path.stat().st_mtime)
    if not files:
        return ()
    return tuple((entry["step"], float(entry["seconds"])) for entry in json.loads(files[-1].read_text()))


def published_posts(places: DataDir) -> int:
    """Number of posts in the published file."""
    import duckdb

    with duckdb.connect(str(places.published_file), read_only=True) as con:
        return con.execute("select count(*) from marts.fct_posts").fetchone()[0]
