"""The Dagster UI on this machine: a code server, the webserver, the daemon.

Belongs here: starting the three in the order that is soonest ready, and ending them together.
Does not belong here: the settings of the instance (dagster.yaml), and what is shown.

`dagster dev` starts them one after the other, each waiting for the one before: 9.4 to 11 s until the page is there.
Here the webserver's own import, the longest part, runs beside the start of the code server, and the daemon, which
nobody waits for, comes last (the ratio stands in docs/decisions/0013).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from orchestration.contract import PROJECT_ROOT, SuaraError

HOST = "127.0.0.1"
LOCATION = "suara"  # as in workspace.yaml
# Importing the project takes 3 s on an idle machine; a busy one may need ten times that.
_CODE_SECONDS = 120
_STOP_SECONDS = 10
# How often it is looked whether a run was killed: until then those behind it wait.
_LOOK_SECONDS = 20
# What Dagster makes below `DAGSTER_HOME`, in a folder that is new.
HISTORY_FILES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_TERMINATED = 128 + signal.SIGTERM


def check_port(port: int) -> None:
    """Raise a SuaraError when something listens on the port already."""
    if _listens(port):
        raise SuaraError(f"Port {port} of {HOST} is in use. Stop what listens there, or name another: --port.")


def serve(port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit status.

    Raises:
        SuaraError: When the project's code does not load.
    """
    # Dagster ends on Ctrl-C; SIGTERM, from a script or a service manager, means the same here. In a shell's background
    # Ctrl-C is ignored, and would be by the processes started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _stop)
    _make_history(Path(os.environ["DAGSTER_HOME"]))
    with tempfile.TemporaryDirectory(prefix="suara-ui-") as folder:
        code_socket = Path(folder) / "code.sock"
        workspace = _workspace(Path(folder) / "workspace.yaml", code_socket)
        code = _start("dagster", "code-server", "start", *_code(code_socket))
        daemon = _Daemon(port, workspace)
        try:
            from dagster_webserver.cli import dagster_webserver  # 2 s, while the code server starts

            _await_code(code, code_socket)
            threading.Thread(target=daemon.start_behind_the_webserver, daemon=True).start()
            threading.Thread(target=_end_abandoned_runs, daemon=True).start()
            arguments = [
                "-w",
                str(workspace),
                "-h",
                HOST,
                "-p",
                str(port),
                "--dagster-log-level",
                "warning",
            ]
            dagster_webserver(arguments, standalone_mode=False)
            return 0
        except KeyboardInterrupt:
            return 0
        except SystemExit as stopped:
            return 0 if stopped.code == _TERMINATED else int(stopped.code or 0)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _end(daemon.stop(), code)


def _make_history(home: Path) -> None:
    """Before the processes below open it, each by itself, maybe beside a first run (see `open_instance`)."""
    if not all((home / name).exists() for name in HISTORY_FILES):
        from orchestration.resources.run_history import open_instance  # 2 s, in a new folder only

        open_instance().dispose()


def _end_abandoned_runs() -> None:
    from orchestration.resources.run_history import end_abandoned, open_instance

    with open_instance() as instance:
        while True:
            with contextlib.suppress(Exception):  # such as a locked database: it is looked again
                end_abandoned(instance)
            time.sleep(_LOOK_SECONDS)


class _Daemon:
    """The process that the sensor and the schedule need."""

    def __init__(self, port: int, workspace: Path) -> None:
        self._port, self._workspace = port, workspace
        self._process: subprocess.Popen[bytes] | None = None
        self._lock, self._is_over = threading.Lock(), False

    def start_behind_the_webserver(self) -> None:
        while not _listens(self._port):
            time.sleep(0.2)
        with self._lock:  # a stop that comes at this moment must find the process, or prevent it
            if not self._is_over:
                arguments = ["run", "-w", str(self._workspace), "--log-level", "warning"]
                self._process = _start("dagster._daemon", *arguments)

    def stop(self) -> subprocess.Popen[bytes] | None:
        """No start from here on; what is running, to be ended."""
        with self._lock:
            self._is_over = True
            return self._process


def _start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", module, *arguments])


def _workspace(path: Path, code_socket: Path) -> Path:
    """Where the code is served, under a name that stays.

    Without a name Dagster takes the socket's: with each start all switches of sensors and schedules were off again,
    and runs of earlier starts were on no timeline.
    """
    server = {"host": "localhost", "socket": str(code_socket), "location_name": LOCATION}
    path.write_text(json.dumps({"load_from": [{"grpc_server": server}]}), "utf-8")  # JSON is YAML
    return path


def _code(code_socket: Path) -> list[str]:
    return [
        *("--socket", str(code_socket)),
        *("-m", "orchestration.definitions", "--working-directory", str(PROJECT_ROOT), "--location-name", LOCATION),
        *("--log-level", "warning"),
        "--use-python-environment-entry-point",
    ]


def _await_code(code: subprocess.Popen[bytes], code_socket: Path) -> None:
    from dagster._grpc.client import DagsterGrpcClient

    client: Any = DagsterGrpcClient(socket=str(code_socket))
    until = time.monotonic() + _CODE_SECONDS
    while time.monotonic() < until:
        if code.poll() is not None:
            raise SuaraError(
                f"The project's code did not load (exit status {code.returncode}); the lines above say why."
            )
        try:
            client.ping("")
            return
        except Exception:  # not there yet
            time.sleep(0.05)
    raise SuaraError(f"The project's code did not load within {_CODE_SECONDS} s; the lines above may say why.")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _stop(signal_number: int, _: Any) -> None:
    sys.exit(128 + signal_number)


def _end(*processes: subprocess.Popen[bytes] | None) -> None:
    """End processes: asked first, then made to."""
    running = [process for process in processes if process is not None and process.poll() is None]
    for process in running:
        process.terminate()
    until = time.monotonic() + _STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
