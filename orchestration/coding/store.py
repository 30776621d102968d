"""Where samples and codes are kept in the data folder: `coding/samples/<sample_id>.json` and `coding/codes.csv`.

Belongs here: reading and replacing these files, whole or not at all.
Does not belong here: judging a sheet (`sheets`), and texts of posts: they stay in the sheets and the warehouse.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from orchestration.coding.manifest import Manifest
from orchestration.coding.sheets import Code, Coded, read_sheets
from orchestration.contract import DataDir, InputError, SuaraError, locked, replacing

COLUMNS = tuple(field.name for field in fields(Code))


@dataclass(frozen=True)
class Stored:
    """What an import did."""

    new: int
    unchanged: int
    replaced: int


class CodingStore:
    """The codes of one data folder. Everything in it is readable by its owner only: it names coders."""

    def __init__(self, data_dir: DataDir) -> None:
        self.folder = data_dir.coding
        self.samples = self.folder / "samples"
        self.codes_file = self.folder / "codes.csv"

    def add_sample(self, manifest: Manifest) -> None:
        """Keep a copy of the manifest, so that sheets of this sample are known."""
        self._make()
        manifest.write(self.samples / f"{manifest.sample_id}.json")

    def manifests(self) -> dict[str, Manifest]:
        """Every known sample by its id."""
        found = [Manifest.read(path) for path in sorted(self.samples.glob("s-*.json"))]
        return {manifest.sample_id: manifest for manifest in found}

    def codes(self) -> list[Code]:
        """Every code that was imported, in a fixed order.

        Raises:
            InputError: The file is not as `add` wrote it.
        """
        if not self.codes_file.exists():
            return []
        with open(self.codes_file, encoding="utf-8", newline="") as handle:
            rows = list(csv.reader(handle))
        for line, row in enumerate(rows, 1):
            if (
                (line == 1 and tuple(row) != COLUMNS)
                or len(row) != len(COLUMNS)
                or (line > 1 and row[-1] not in ("0", "1"))
            ):
                raise InputError(
                    file=str(self.codes_file),
                    record=line,
                    expected=f"{', '.join(COLUMNS)} as `suara coding import` wrote them",
                    found=", ".join(row)[:80] or "an empty line",
                    next_step="Move the file away and import the coded sheets again.",
                    code="codes_changed",
                )
        return [Code(*row[:-1], code=int(row[-1])) for row in rows[1:]]

    def add(self, sheets: Iterable[Coded], *, replace: bool = False) -> Stored:
        """Add the codes of sheets; all of them or, on an error, none.

        Args:
            sheets: Sheets without problems.
            replace: Let codes replace other codes of the same coder, post and theme.

        Raises:
            SuaraError: A coder has coded one of the posts before, and otherwise.
        """
        with self._locked():
            kept = {_place(code): code for code in self.codes()}
            new = unchanged = replaced = 0
            for code in (code for sheet in sheets for code in sheet.codes):
                before = kept.get(_place(code))
                if before is None:
                    new += 1
                elif before == code:
                    unchanged += 1
                elif replace:
                    replaced += 1
                else:
                    raise SuaraError(
                        f"coder {code.coder}, sample {code.sample_id}: expected posts that this coder has not coded "
                        f"yet; found another code of the theme {code.theme_code} for post {code.post_key}. Nothing was "
                        "loaded. If two people use one name, choose two; if codes were corrected, add --replace."
                    )
                kept[_place(code)] = code
            if new or replaced:
                self._write(sorted(kept.values(), key=astuple))
        return Stored(new, unchanged, replaced)

    def remove_posts(self, post_keys: set[str]) -> int:
        """Remove every code of these posts; the samples still say that they were drawn. Returns how many went."""
        if not self.codes_file.exists():
            return 0
        with self._locked():
            codes = self.codes()
            kept = [code for code in codes if code.post_key not in post_keys]
            if len(kept) < len(codes):
                self._write(kept)
        return len(codes) - len(kept)

    def _write(self, codes: Iterable[Code]) -> None:
        with replacing(self.codes_file, mode=0o600) as temporary:
            with open(temporary, "w", encoding="utf-8", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\n")
                writer.writerow(COLUMNS)
                writer.writerows(astuple(code) for code in codes)

    def _make(self) -> None:
        for folder in (self.folder, self.samples):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two imports at once would each write the codes without the other's."""
        self._make()
        with locked(self.folder / "lock"):
            yield


def _place(code: Code) -> tuple[str, str, str, str]:
    return code.sample_id, code.coder, code.post_key, code.theme_code


def import_sheets(
    store: CodingStore, files: Iterable[Path], *, manifest: Path | None = None, replace: bool = False
) -> tuple[list[Coded], Stored]:
    """Read sheets, check them, keep their codes; nothing is kept when anything is wrong.

    Args:
        store: Where the codes go.
        files: Coded sheets.
        manifest: Manifest of their sample, where this data folder did not draw it.
        replace: See `CodingStore.add`.

    Raises:
        SuaraError: See `read_sheets` and `CodingStore.add`.
        InputError: A file is not what it should be.
    """
    given = Manifest.read(manifest) if manifest else None
    sheets = read_sheets(files, {given.sample_id: given} if given else store.manifests())
    if given:
        store.add_sample(given)  # before the codes: codes of a sample that nobody knows could not be weighted
    stored = store.add(sheets, replace=replace)
    return sheets, stored
