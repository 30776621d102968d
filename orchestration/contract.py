"""What every room of the project agrees on: places on disk, errors, and the way bytes are written.

Belongs here: names and types that connectors, publishing, assets and the CLI all use.
Does not belong here: anything that imports dagster, dbt or a connector, and anything that reads a post.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"

# The layers in the order in which data passes them; folder, DuckDB schema and Dagster group share the word.
LAYERS = ("raw", "staging", "intermediate", "marts", "quality", "reports")
# The map of the columns of `posts.csv` lies beside it as `posts.csv.map.yml`, and is kept with it.
MAP_SUFFIX = ".map.yml"
PUBLISHED_SCHEMAS = ("marts", "reports", "quality")
# What is published is for the group of its folder: whoever may read it is a member, and nobody else.
PUBLISHED_MODE = 0o440
# Folders below a data folder that only its owner may enter, whatever the mode of a file in them.
_FOR_THE_OWNER = ("captures", "candidates", "rejected", "scratch", "ledger", "receipts", "dagster_home", "dbt_target")


def quote(text: object) -> str:
    """A string literal of SQL: of a path, too, for statements that take no parameter.

    The connectors write literals everywhere: binding its first parameter, the DuckDB client imports pandas, which takes
    0.4 s (measured).
    """
    return "'" + str(text).replace("'", "''") + "'"


class SuaraError(Exception):
    """An error meant for the person at the terminal: it says what to do next."""


class InputError(SuaraError):
    """Input that cannot be used.

    Args:
        file: The file (or archive member) at fault, as the user knows it.
        record: Where in the file: a record number, a line, a byte position, or None for the whole file.
        expected: What a good input has there.
        found: What was there instead, shortened.
        next_step: What the user can do about it.
        code: A stable word for tests and for `raw.rejected_records.reason_code`.
    """

    def __init__(
        self,
        *,
        file: str,
        expected: str,
        found: str,
        next_step: str,
        record: str | int | None = None,
        code: str = "unreadable",
    ) -> None:
        self.file, self.record, self.expected, self.found = file, record, expected, found
        self.next_step, self.code = next_step, code
        where = f", record {record}" if record is not None else ""
        super().__init__(f"{file}{where}: expected {expected}; found {found}. {next_step}")


@dataclass(frozen=True)
class DataDir:
    """Every place below one `--data-dir`. Nothing of a run is read or written elsewhere."""

    root: Path

    @classmethod
    def from_env(cls) -> DataDir:
        """The folder named by `SUARA_DATA_DIR`, or `data/` in the checkout."""
        return cls(Path(os.environ.get("SUARA_DATA_DIR") or PROJECT_ROOT / "data").resolve())

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def captures(self) -> Path:
        """`<capture_id>/<file name as delivered>`: each capture stored whole."""
        return self.root / "captures"

    @property
    def ledger(self) -> Path:
        """Plain JSON files that outlive a rejected candidate: captures, check outcomes, releases."""
        return self.root / "ledger"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def candidates(self) -> Path:
        """One folder per attempt, each with a `warehouse.duckdb`; removed when it took the warehouse's place."""
        return self.root / "candidates"

    @property
    def rejected(self) -> Path:
        """Rejected candidates, kept as evidence (the newest few)."""
        return self.root / "rejected"

    @property
    def registered_accounts(self) -> Path:
        """Accounts that the owner of the data registered, beside the accounts seed."""
        return self.root / "accounts.csv"

    @property
    def pseudonym_key(self) -> Path:
        """The key behind the pseudonyms, apart from everything that was made with it. For the owner only."""
        return self.root / "keys" / "pseudonym.key"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def published_file(self) -> Path:
        # Never named like a schema inside it: `marts.duckdb` with a schema `marts` makes every name ambiguous.
        return self.published / "social_bi.duckdb"

    @property
    def coding(self) -> Path:
        """Samples drawn for coding by hand, and the codes that people gave; no texts. For the owner only."""
        return self.root / "coding"

    @property
    def indicators(self) -> Path:
        """Figures read from files of official reporters, beside the governed seed."""
        return self.root / "indicators"

    @property
    def receipts(self) -> Path:
        """What was removed, when and why: one JSON file per deletion, purge or hydrated export; no content."""
        return self.root / "receipts"

    @property
    def scratch(self) -> Path:
        """Temporary files of a run (unpacked members, DuckDB spill). Emptied at the start of a run."""
        return self.root / "scratch"

    @property
    def lock(self) -> Path:
        return self.root / "warehouse.lock"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster_home"

    def make(self) -> None:
        """Make the folder where there is none."""
        make_group_folder(self.root)

    def make_inbox(self) -> None:
        """Make the inbox where there is none, for its owner, who may open it to others: what waits in it is whole."""
        self.make()
        self.inbox.mkdir(mode=0o700, exist_ok=True)

    def close_to_others(self) -> None:
        """Let nobody but the owner into the folders that hold texts, names or notes about them.

        Not the inbox, which its owner may have opened, and not what is published, which the group may read.
        """
        for name in _FOR_THE_OWNER:
            folder = self.root / name
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)


def make_group_folder(folder: Path) -> None:
    """Make a folder for owner and group, whatever the umask says, with what is above it; one that is there stays so."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o750)


def fsync_directory(path: Path) -> None:
    """Make a rename in `path` survive a power cut."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file as a lock, made where it is not there: whoever asks for it meanwhile, another process too, waits."""
    with open(path, "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def replacing(target: Path, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path beside `target`; on success it takes the target's place by one rename.

    On an exception the temporary file is removed and the target is untouched.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    os.close(fd)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
        fsync_directory(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
