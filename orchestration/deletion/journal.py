"""The note of a deletion that was begun: whatever happens to the process, the next one finishes it.

Belongs here: the journal's file and fields. It is there from the moment at which the first capture is replaced to the
moment at which the receipt is written, and holds the texts that are searched for; then it is gone with them.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestration.contract import DataDir, SuaraError
from orchestration.warehouse.ledger import write_json

CLEARED = "copies"  # the step after which captures, warehouse and copies are without what goes
DELETION, PURGE, RETENTION = "deletion", "purge", "retention"


@dataclass
class Journal:
    """A deletion under way.

    Attributes:
        receipt_id: Name of the receipt to come.
        kind: `deletion` (posts and accounts), `purge` (captures, on request) or `retention` (captures, by their date).
        reason: In the words of whoever asked.
        request: The file's name and its hash; no content.
        tombstones: Rows for the ledger.
        captures: What happens to each stored capture that is concerned.
        post_keys: Keys of the posts in the warehouse as it was.
        texts: The texts that must be found nowhere.
        whole_texts: Texts of captures that go whole; what another capture holds as well stays in it.
        steps: What was done already.
        removed_files: Files that held a trace and are gone.
    """

    receipt_id: str
    kind: str
    began_at: str
    reason: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    counts: str = "drop"
    tombstones: list[dict[str, Any]] = field(default_factory=list)
    captures: list[dict[str, Any]] = field(default_factory=list)
    post_keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    removed_files: list[str] = field(default_factory=list)
    whole_texts: list[str] = field(default_factory=list)

    def write(self, data_dir: DataDir) -> None:
        write_json(place(data_dir), asdict(self))

    def did(self, data_dir: DataDir, step: str) -> None:
        if step not in self.steps:
            self.steps.append(step)
            self.write(data_dir)

    @classmethod
    def read(cls, data_dir: DataDir) -> Journal | None:
        """The deletion that was begun and not finished, if there is one."""
        path = place(data_dir)
        return cls(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def place(data_dir: DataDir) -> Path:
    return data_dir.root / "deletion" / "journal.json"


def refuse_while_begun(data_dir: DataDir) -> None:
    """Nothing else about what has to go is done while a deletion is under way: there is one journal.

    Raises:
        SuaraError: A deletion was begun and not finished.
    """
    if begun := Journal.read(data_dir):
        raise SuaraError(
            f"The deletion {begun.receipt_id} was begun and not finished. Finish it first: `suara forget` without a "
            "file does."
        )


def close(data_dir: DataDir) -> None:
    """Remove the journal with everything beside it."""
    shutil.rmtree(place(data_dir).parent, ignore_errors=True)
