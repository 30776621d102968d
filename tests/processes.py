"""Programs that tests start beside themselves, and how nothing of them is left.

Belongs here: a program in a process group of its own, ended by that group's id. Dagster's UI starts a daemon, a web
server and a code server, which start runs; ended by its own id alone, it leaves some of them for seconds, or for good.
Does not belong here: what the programs do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

POLITE_SECONDS = 30


@contextmanager
def running(command: Sequence[str], log: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program with its output in `log`; at the end of the block it is gone, with all that it started."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a group's leader in the polite way, then whatever is left of the group the other way.

    Raises:
        AssertionError: Something of the group is still there.
    """
    process.terminate()
    if not _is_gone(process, POLITE_SECONDS):
        os.killpg(process.pid, signal.SIGKILL)
        assert _is_gone(process, POLITE_SECONDS), f"processes of group {process.pid} outlived SIGKILL"


def _is_gone(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the whole group ends within some time. Its leader is reaped here, its orphans by init."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        process.poll()
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
