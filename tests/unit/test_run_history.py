"""The run history that `dagster.yaml` names: Dagster itself must read what it wrote, and the other way round."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from orchestration.contract import PROJECT_ROOT
from orchestration.resources.run_history import RunHistory, end_abandoned
from orchestration.resources.ui_server import HISTORY_FILES


@dg.asset(check_specs=[dg.AssetCheckSpec("has_rows", asset="counted")])
def counted() -> dg.MaterializeResult:
    return dg.MaterializeResult(
        metadata={"rows": 3}, check_results=[dg.AssetCheckResult(check_name="has_rows", passed=True)]
    )


def instance(home: Path, monkeypatch: pytest.MonkeyPatch, *, ours: bool) -> dg.DagsterInstance:
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text("utf-8"))
    if not ours:
        del settings["event_log_storage"]
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return dg.DagsterInstance.get()


@pytest.mark.parametrize("first_is_ours", [True, False], ids=["ours, then Dagster's", "Dagster's, then ours"])
def test_either_storage_reads_what_the_other_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_is_ours: bool
) -> None:
    home = tmp_path / "home"
    with instance(home, monkeypatch, ours=first_is_ours) as writer:
        assert isinstance(writer.event_log_storage, RunHistory) == first_is_ours
        run_id = dg.materialize([counted], instance=writer).run_id
    with instance(home, monkeypatch, ours=not first_is_ours) as reader:
        assert isinstance(reader.event_log_storage, RunHistory) != first_is_ours
        materialization = reader.get_latest_materialization_event(dg.AssetKey("counted"))
        assert materialization is not None and materialization.run_id == run_id
        checks = reader.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey("counted"), "has_rows"), limit=5
        )
        assert [check.status.value for check in checks] == ["SUCCEEDED"]
        assert dg.materialize([counted], instance=reader).success
        assert len(reader.get_runs()) == 2


KILLED = """
import os, signal
import dagster as dg

@dg.asset
def never() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

with dg.DagsterInstance.get() as instance:
    dg.materialize([never], instance=instance)
"""


def test_run_of_a_killed_process_is_ended_and_one_that_works_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.asset
    def works() -> None:
        assert end_abandoned(ours) == [killed]
        assert end_abandoned(ours) == []

    with instance(tmp_path / "home", monkeypatch, ours=True) as ours:
        subprocess.run(
            [sys.executable, "-c", KILLED], capture_output=True, env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
        )
        (killed,) = [run.run_id for run in ours.get_runs()]
        assert ours.get_run_by_id(killed).status == dg.DagsterRunStatus.STARTED, "Dagster does not hear of it"
        assert dg.materialize([works], instance=ours).success
        assert ours.get_run_by_id(killed).status == dg.DagsterRunStatus.FAILURE


def test_history_lies_where_dagster_would_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = []
    for ours in (True, False):
        home = tmp_path / "home"
        shutil.rmtree(home, ignore_errors=True)
        with instance(home, monkeypatch, ours=ours) as one:
            dg.materialize([counted], instance=one)
        places.append({path.relative_to(home).parent.as_posix() for path in home.rglob("*.db")})
    assert places[0] == places[1]


def test_processes_that_begin_in_a_new_folder_at_once_all_begin(tmp_path: Path) -> None:
    """Two first runs at once: one ended with "table runs already exists", from between Dagster's look and its create.

    `fcntl` locks hold between processes, so that processes are what is tried; eight meet more often than two.
    """
    home, start = tmp_path / "home", tmp_path / "start"
    home.mkdir()
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    begin = (
        "import pathlib, sys, time\n"
        "from orchestration.resources.run_history import open_instance\n"
        "print('ready', flush=True)\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.001)\n"
        "with open_instance() as instance: print(len(instance.get_runs()))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", begin, str(start)],
            cwd=PROJECT_ROOT,
            env={**os.environ, "DAGSTER_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    start.touch()
    said = [process.communicate(timeout=120) for process in processes]
    assert [(process.returncode, out) for process, (out, _) in zip(processes, said, strict=True)] == [(0, "0\n")] * 8, (
        "\n".join(error for _, error in said)
    )
    assert {name for name in HISTORY_FILES if not (home / name).exists()} == set()
