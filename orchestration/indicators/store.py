"""Where figures that were read from files are kept: `indicators/<sha256 of the file>.csv` in the data folder.

Belongs here: one file of figures for each file that was read, replaced whole; the same file again changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import astuple
from pathlib import Path

from orchestration.contract import DataDir, replacing
from orchestration.indicators.model import COLUMNS
from orchestration.indicators.readers import Reading


class IndicatorStore:
    """The figures of one data folder, apart from the governed series."""

    def __init__(self, data_dir: DataDir) -> None:
        self.folder = data_dir.indicators

    def files(self) -> list[Path]:
        """What was added, in a fixed order."""
        return sorted(self.folder.glob("*.csv"))

    def add(self, path: Path, reading: Reading) -> Path:
        """Keep what a file gave, in the place of what the same file gave before."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        target = self.folder / f"{digest}.csv"
        with replacing(target) as temporary:
            with open(temporary, "w", encoding="utf-8", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\n")
                writer.writerow((*COLUMNS, "origin"))
                writer.writerows((*astuple(figure), path.name) for figure in reading.figures)
        return target
