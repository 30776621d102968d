"""Installing, preparing, starting and stopping Superset.

Belongs here: processes, folders, the secret key, the password. Does not belong here: what is shown (bundle).

Superset is never imported here: the project's environment and Superset's have nothing in common but files.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from bi.superset import bundle
from orchestration.contract import DataDir, SuaraError, replacing

HOST = "127.0.0.1"
PORT = 8088
LOCK = bundle.FOLDER / "requirements.lock"
ENVIRONMENT = bundle.FOLDER / ".venv"
# pandas 2.1 and numpy 1.26, which Superset 6.1 pins, have no wheels for Python 3.13.
PYTHONS = ((3, 11), (3, 12))
_STOP_SECONDS = 20


@dataclass(frozen=True)
class Home:
    """Superset's own folder: settings, key, what was imported. For the owner only."""

    root: Path

    @property
    def secret_key(self) -> Path:
        return self.root / "secret_key"

    @property
    def database(self) -> Path:
        return self.root / "superset.db"

    @property
    def bundle(self) -> Path:
        """The dashboards in Superset's own form; importable by hand into any Superset."""
        return self.root / "bundle"

    @property
    def prepared(self) -> Path:
        """What was prepared last: fingerprints of the environment and of the bundle."""
        return self.root / "prepared.json"

    @property
    def process_id(self) -> Path:
        return self.root / "superset.pid"

    @property
    def log(self) -> Path:
        return self.root / "prepare.log"


def home_of(paths: DataDir) -> Home:
    return Home(paths.root / "superset")


def install(environment: Path = ENVIRONMENT) -> bool:
    """Superset in an environment of its own, from the hash-pinned lock; returns whether anything was done.

    Raises:
        SuaraError: No Python that Superset runs on, or the installation failed.
    """
    stamp, wanted = environment / ".installed", _sha256(LOCK)
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return False
    print(f"Installing Apache Superset into {environment} (0.9 GB, some minutes, once)", flush=True)
    python = _python()
    if python == sys.executable:
        venv.create(environment, with_pip=True)
    else:
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*command, "--require-hashes", "-r", str(LOCK)]).returncode:
        raise SuaraError("Superset was not installed; the lines above say why. Run `make superset` again.")
    stamp.write_text(wanted, encoding="utf-8")
    return True


def prepare(home: Home, published_file: Path, *, environment: Path = ENVIRONMENT) -> str | None:
    """Settings, key, user and dashboards; does only what is missing.

    Args:
        home: Superset's own folder.
        published_file: The stable path of the published file.
        environment: Where Superset is installed.

    Returns:
        The password of the user `admin` when one was made now; it is kept nowhere else.

    Raises:
        SuaraError: Nothing is published, or Superset refused.
    """
    files = bundle.build(published_file)
    home.root.mkdir(parents=True, exist_ok=True)
    home.root.chmod(0o700)
    if not home.secret_key.exists():
        with replacing(home.secret_key, mode=0o600) as target:
            target.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    given = os.environ.get("SUARA_SUPERSET_PASSWORD")
    state = {"lock": _sha256(LOCK), "bundle": bundle.fingerprint(files)}
    before = json.loads(home.prepared.read_text("utf-8")) if home.prepared.exists() else None
    if before == state and home.database.exists() and not given:
        return None
    made = None if given or (before and home.database.exists()) else secrets.token_urlsafe(12)
    shutil.rmtree(home.bundle, ignore_errors=True)
    for name, text in files.items():
        path = home.bundle / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print("Preparing Superset: settings, user, dashboards", flush=True)
    password = {"SUARA_SUPERSET_PASSWORD": given or made} if given or made else {}
    command = [str(environment / "bin" / "python"), str(bundle.FOLDER / "in_superset.py"), str(home.bundle)]
    with home.log.open("wb") as log:
        done = subprocess.run(
            command, env=_environ(home) | password, stdout=log, stderr=subprocess.STDOUT, cwd=home.root
        )
    if home.database.exists():
        home.database.chmod(0o600)
    if done.returncode:
        tail = "\n".join(home.log.read_text("utf-8", errors="replace").splitlines()[-5:])
        raise SuaraError(f"{home.log}: Superset was not prepared.\n{tail}")
    home.prepared.write_text(json.dumps(state), encoding="utf-8")
    return made


def command(home: Home, port: int, *, environment: Path = ENVIRONMENT) -> tuple[list[str], dict[str, str]]:
    """What to execute, and in which environment of variables. One worker: what is slow is the start of a second."""
    arguments = [
        str(environment / "bin" / "gunicorn"),
        *("--bind", f"{HOST}:{port}", "--pid", str(home.process_id)),
        *("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--timeout", "120"),
        *("--config", str(bundle.FOLDER / "gunicorn_config.py"), "--log-level", "warning"),
        *("--chdir", str(home.root), "superset.app:create_app()"),
    ]
    return arguments, _environ(home)


def running(home: Home) -> int | None:
    """The id of the process that serves this folder, or None."""
    try:
        process_id = int(home.process_id.read_text("utf-8"))
        os.kill(process_id, 0)
    except (OSError, ValueError):
        return None
    cmdline = Path(f"/proc/{process_id}/cmdline")
    # Ids are used again: without /proc the file is believed.
    if cmdline.exists() and str(home.process_id).encode() not in cmdline.read_bytes():
        return None
    return process_id


def stop(home: Home) -> bool:
    """End the process that serves this folder, by its id; returns whether there was one."""
    process_id = running(home)
    if process_id is None:
        return False
    os.kill(process_id, signal.SIGTERM)
    until = time.monotonic() + _STOP_SECONDS
    while running(home) == process_id:
        if time.monotonic() > until:
            os.kill(process_id, signal.SIGKILL)
        time.sleep(0.1)
    return True


def check_port(port: int) -> None:
    """Raise a SuaraError when something listens on the port already."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise SuaraError(f"Port {port} of {HOST} is in use. Stop what listens there, or name another: PORT=8089.")


def _environ(home: Home) -> dict[str, str]:
    """The variables of Superset's processes: nothing of the project's Python, nothing that phones home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SUARA_", "SUPERSET_", "FLASK_"))}
    return {
        **kept,
        "SUARA_SUPERSET_HOME": str(home.root),
        "SUPERSET_HOME": str(home.root),
        "SUPERSET_CONFIG_PATH": str(bundle.FOLDER / "superset_config.py"),
        "FLASK_APP": "superset.app:create_app()",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }


def _python() -> str:
    if sys.version_info[:2] in PYTHONS:
        return sys.executable
    for major, minor in PYTHONS:
        if found := shutil.which(f"python{major}.{minor}"):
            return found
    raise SuaraError(
        "Superset 6.1 needs Python 3.11 or 3.12, and neither was found on PATH. Install one; the project keeps its own."
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
