"""The ledger: plain JSON files beside the warehouse that outlive a rejected candidate.

Belongs here: what was delivered, what was decided about it, what every check said, how long steps took.
Does not belong here: the posts themselves, and the decisions (gates.py takes them).

    data/ledger/captures/<capture_id>.json       one file per capture, with every decision about it
    data/ledger/outcomes/<run>--<gate>.json      one file per evaluation of a gate
    data/ledger/timings/<run>.json               seconds per step
    data/ledger/releases/<time>-<what>.json      one file per publication, rollback or removal of a release
    data/ledger/tombstones/<receipt>.json        one file per deletion: ids, reasons, times; no text
    data/ledger/settings.json                    the study that runs of this folder use
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.contract import MAP_SUFFIX, DataDir, InputError, locked, replacing

ACCEPTED, QUARANTINED = "accepted", "quarantined"
DECIDED_BY_GATE, DECIDED_BY_USER, DECIDED_BY_RULE = "gate", "user", "rule"
PUBLISHED, ROLLED_BACK, REMOVED = "published", "rolled_back_to", "removed"

# Reasons by which a rule sets captures aside, and knows them again.
_SYNTHETIC = "synthetic capture set aside: this data folder now holds real captures"
_OTHER_MAP = "set aside: the same table came again, with another map"
_A_MAP = "set aside: the same table came again, with a map of its columns"

_CHUNK = 1 << 22
# Marks what lies in `captures/` and is not in the ledger yet: a process that is killed leaves it to the next.
_PARTIAL = ".partial"
# A name that is shorter may be meant as the name of a file, and begin some id by chance.
_SHORTEST_ID = 6


def now() -> str:
    """The present moment as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _write_json(path: Path, value: Any) -> None:
    with replacing(path, mode=0o600) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@dataclass
class CaptureEntry:
    """One delivered file or folder, and what was decided about it.

    Attributes:
        capture_id: SHA-256 of the bytes (of the sorted list of members for a folder).
        file_name: The name under which it was delivered.
        status: `accepted` or `quarantined`.
        decided_by: `gate`, `user` when a person accepted or set it aside by name, or `rule` (synthetic data).
        requested_source: The source the user named, or None to detect it.
        counts: What the reader counted at the last load: delivered, loaded, rejected.
        table_id: Of a table that came with a map of its columns, the id that it has without the map.
        purpose, legal_basis: Why it may be kept, in the words of whoever is responsible.
        retain_until: The last day (ISO) on which it may be kept; None while nobody has decided.
        stored_sha256: SHA-256 of what is stored, where that is less than what was delivered.
        removed: What deletions took out of it since: `records`, and by statement of the source (`totals`) how many
            records that statement still counts.
        screened: Which tombstones it was searched for (`Ledger.tombstones_id`).
        left_out_by: Of an X archive, the rule by which it is stored without what no reader opens (`deletion.unread`).
    """

    capture_id: str
    file_name: str
    byte_size: int
    received_at: str
    status: str = ACCEPTED
    reason: str | None = None
    decided_by: str = DECIDED_BY_GATE
    requested_source: str | None = None
    source: str | None = None
    is_synthetic: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    table_id: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    retain_until: str | None = None
    stored_sha256: str | None = None
    removed: dict[str, Any] = field(default_factory=dict)
    screened: str | None = None
    left_out_by: int = 0
    history: list[dict[str, str | None]] = field(default_factory=list)


class Ledger:
    """Read and append the ledger of one data folder."""

    def __init__(self, data_dir: DataDir) -> None:
        self.data_dir = data_dir
        self.root = data_dir.ledger

    # ---------- captures

    def captures(self) -> list[CaptureEntry]:
        """Every capture, by id, so that nothing depends on the order of delivery."""
        folder = self.root / "captures"
        if not folder.is_dir():
            return []
        entries = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
        return [CaptureEntry(**entry) for entry in entries]

    def capture(self, prefix: str) -> CaptureEntry:
        """The capture whose file has that name, or whose id starts with `prefix` (six characters or more)."""
        entries = self.captures()
        hits = [c for c in entries if c.file_name == prefix]
        if not hits and len(prefix) >= _SHORTEST_ID:
            hits = [c for c in entries if c.capture_id.startswith(prefix)]
        if len(hits) != 1:
            raise InputError(
                file=prefix,
                expected=f"the name, or {_SHORTEST_ID} or more of the first characters of the id, of one capture",
                found=f"{len(hits)} captures with it",
                next_step="`suara captures` lists them.",
                code="unknown_capture",
            )
        return hits[0]

    def write_capture(self, entry: CaptureEntry) -> None:
        _write_json(self.root / "captures" / f"{entry.capture_id}.json", asdict(entry))

    def decide(self, entry: CaptureEntry, status: str, reason: str | None, decided_by: str) -> None:
        """Set a capture's status and keep the earlier decisions."""
        entry.history.append(
            {
                "at": now(),
                "status": status,
                "reason": reason,
                "decided_by": decided_by,
                "before": entry.status,
            }
        )
        entry.status, entry.reason, entry.decided_by = status, reason, decided_by
        self.write_capture(entry)

    def keep_synthetic_apart(self) -> list[CaptureEntry]:
        """Made-up and real posts never mix: synthetic captures stand aside while a real one is accepted.

        They come back when the last real one is gone (a gate quarantined it, or a person set it aside), so that a
        bad first delivery does not empty what is published. A person's decision about a capture is left alone.

        Returns:
            The captures whose status changed.
        """
        entries = self.captures()
        real = [c for c in entries if not c.is_synthetic and c.status == ACCEPTED]
        changed = []
        for entry in entries:
            if not entry.is_synthetic or entry.decided_by == DECIDED_BY_USER:
                continue
            if real and entry.status == ACCEPTED:
                self.decide(entry, QUARANTINED, _SYNTHETIC, DECIDED_BY_RULE)
                changed.append(entry)
            elif not real and entry.reason == _SYNTHETIC and entry.status == QUARANTINED:
                self.decide(entry, ACCEPTED, "no real capture is accepted any more", DECIDED_BY_RULE)
                changed.append(entry)
        return changed

    def set_aside_other_maps(self, entry: CaptureEntry) -> list[CaptureEntry]:
        """One table is read by one map: the one that came last. A capture of the same table with another map, or with
        none, stands aside; a person's decision about it is left alone.

        Returns:
            The captures that stood in the way.
        """
        changed = []
        for other in self.captures() if entry.table_id else []:
            is_same_table = entry.table_id in (other.table_id, other.capture_id)
            if other.capture_id == entry.capture_id or not is_same_table or other.decided_by == DECIDED_BY_USER:
                continue
            reason = _OTHER_MAP if other.table_id else _A_MAP
            if (other.status, other.reason) != (QUARANTINED, reason):
                self.decide(other, QUARANTINED, reason, DECIDED_BY_RULE)
                changed.append(other)
        return changed

    def keep_last_good_map(self) -> list[CaptureEntry]:
        """A table whose newer map a gate refused is read by the map before it again.

        Returns:
            The captures that came back.
        """
        tables: dict[str, list[CaptureEntry]] = {}
        for entry in self.captures():
            if entry.table_id:
                tables.setdefault(entry.table_id, []).append(entry)
        changed = []
        for entries in tables.values():
            waiting = [one for one in entries if one.status == QUARANTINED and one.reason == _OTHER_MAP]
            if not waiting or any(one.status == ACCEPTED or one.decided_by == DECIDED_BY_USER for one in entries):
                continue
            latest = max(waiting, key=lambda one: (str(one.history[-1]["at"]), one.capture_id))
            self.decide(latest, ACCEPTED, "the map that came after it was refused", DECIDED_BY_RULE)
            changed.append(latest)
        return changed

    def latest_run(self) -> str | None:
        """The run that wrote outcomes last, whether it published or not."""
        paths = sorted((self.root / "outcomes").glob("*.json"), key=lambda p: p.stat().st_mtime_ns)
        return paths[-1].name.split("--")[0] if paths else None

    def stored_path(self, entry: CaptureEntry) -> Path:
        """Where the capture lies, whole, under the name it was delivered with."""
        return self.data_dir.captures / entry.capture_id / entry.file_name

    def store(
        self,
        path: Path,
        *,
        source: str | None = None,
        is_synthetic: bool = False,
        column_map: Path | None = None,
        move: bool = False,
        log: Callable[[str], None] = lambda _: None,
    ) -> tuple[CaptureEntry, bool]:
        """Keep a delivered file or folder whole under its SHA-256.

        Args:
            column_map: The map of a table's columns. It is part of the capture, which becomes a folder of the table and
                its map: another map is another capture.
            move: Take the file away from where it was dropped (the inbox) once it is stored.

        Returns:
            The entry, and whether these bytes are new.

        Raises:
            InputError: When there is nothing at `path`, or it is neither a file nor a folder.
        """
        if not path.exists():
            raise InputError(
                file=str(path),
                expected="a file or a folder to load",
                found="nothing there",
                next_step="Check the path; several files are separated by blanks.",
                code="missing_file",
            )
        self.data_dir.captures.mkdir(parents=True, exist_ok=True)
        holding = self.data_dir.captures / f"{_PARTIAL}-{uuid.uuid4().hex[:8]}"
        holding.mkdir()
        try:
            target, table_id = holding / path.name, None
            if column_map is not None:
                capture_id, size, table_id = _store_with_map(path, column_map, target)
            elif path.is_dir():
                capture_id, size = _store_folder(path, target)
            else:
                if path.stat().st_size > 50_000_000:
                    log(f"storing {path.name} ({path.stat().st_size / 1e6:,.0f} MB)")
                capture_id, size = _store_file(path, target)
            known = self.root / "captures" / f"{capture_id}.json"
            if known.exists():
                entry = CaptureEntry(**json.loads(known.read_text("utf-8")))
                if source and entry.requested_source != source:
                    entry.requested_source = source
                    self.write_capture(entry)
                if not self.stored_path(entry).exists():
                    _place(holding, self.data_dir.captures / capture_id, path.name, entry.file_name)
                if move:
                    _remove(path, column_map)
                return entry, False
            folder = self.data_dir.captures / capture_id
            folder.mkdir(exist_ok=True)
            (folder / _PARTIAL).touch()
            _place(holding, folder, path.name, path.name)
            entry = CaptureEntry(
                capture_id=capture_id,
                file_name=path.name,
                byte_size=size,
                received_at=now(),
                requested_source=source,
                is_synthetic=is_synthetic,
                table_id=table_id,
            )
            self.write_capture(entry)
            (folder / _PARTIAL).unlink()
            if move:
                _remove(path, column_map)
            return entry, True
        finally:
            shutil.rmtree(holding, ignore_errors=True)

    def remove_partial(self) -> None:
        """Remove what a process that was killed while it stored a capture left of it. The caller holds the lock.

        It is in no entry, so no deletion would reach it, and it may hold what is never stored, such as direct messages.
        """
        for left in self.data_dir.captures.glob(f"{_PARTIAL}-*"):
            shutil.rmtree(left, ignore_errors=True)
        for mark in self.data_dir.captures.glob(f"*/{_PARTIAL}"):
            if (self.root / "captures" / f"{mark.parent.name}.json").exists():
                mark.unlink()
            else:
                shutil.rmtree(mark.parent, ignore_errors=True)

    # ---------- outcomes, timings, releases, settings

    def write_outcomes(self, run_id: str, gate: str, outcomes: Iterable[dict[str, Any]]) -> None:
        """Keep what the checks of one gate said in one evaluation (a later one of the same run replaces it)."""
        rows = [{"run_id": run_id, "checked_at": now(), **outcome} for outcome in outcomes]
        _write_json(self.root / "outcomes" / f"{run_id}--{gate}.json", rows)

    def outcomes(self, run_id: str | None = None) -> list[dict[str, Any]]:
        """Outcomes of one run, or of all runs, oldest file first."""
        folder = self.root / "outcomes"
        paths = sorted(folder.glob(f"{run_id or '*'}--*.json"), key=lambda p: (p.stat().st_mtime_ns, p.name))
        return [row for path in paths for row in json.loads(path.read_text("utf-8"))]

    def outcome_files(self, newest_runs: int) -> list[Path]:
        """The outcome files of the newest runs."""
        paths = sorted((self.root / "outcomes").glob("*.json"), key=lambda p: p.stat().st_mtime_ns)
        runs = list(dict.fromkeys(path.name.split("--")[0] for path in reversed(paths)))[:newest_runs]
        return [path for path in paths if path.name.split("--")[0] in runs]

    def add_timing(self, run_id: str, step: str, seconds: float) -> None:
        path = self.root / "timings" / f"{run_id}.json"
        rows = json.loads(path.read_text("utf-8")) if path.exists() else []
        _write_json(path, [*rows, {"step": step, "seconds": round(seconds, 3)}])

    def write_release(self, what: str, folder: str, **facts: Any) -> None:
        """Add what happened to a release: it was `published`, `rolled_back_to` or `removed`."""
        at = now()
        stamp = "".join(c for c in at.split("+")[0] if c.isalnum())
        entry = {"at": at, "what": what, "folder": folder, **facts}
        _write_json(self.root / "releases" / f"{stamp}-{what}-{folder[:6]}.json", entry)

    def releases(self) -> list[dict[str, Any]]:
        """Everything that happened to releases, the oldest first."""
        entries = [json.loads(path.read_text("utf-8")) for path in (self.root / "releases").glob("*.json")]
        # Until 2026-11-26 there was one file per release, with the time of its publication only.
        entries = [{"at": e.get("published_at"), "what": PUBLISHED, **e} for e in entries]
        return sorted(entries, key=lambda e: e["at"])

    def latest_release(self) -> dict[str, Any] | None:
        """How what readers get now came to be it: the newest publication or rollback."""
        served = [e for e in self.releases() if e["what"] in (PUBLISHED, ROLLED_BACK)]
        return served[-1] if served else None

    def first_claims(self, claims_id: str) -> dict[str, dict[str, str]]:
        """The primary reading of each claim when there was a result for the first time: `spec_id` and `sha256`."""
        path = self.root / "claims" / f"{claims_id}.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else {}

    def keep_first_claims(self, claims_id: str, readings: dict[str, dict[str, str]]) -> None:
        """Keep primary readings of claims that have a result; those that were kept before stay as they are."""
        kept = self.first_claims(claims_id)
        if readings.keys() - kept.keys():
            _write_json(self.root / "claims" / f"{claims_id}.json", {**readings, **kept})

    # ---------- deletions

    def add_tombstones(self, receipt_id: str, rows: Iterable[dict[str, Any]]) -> None:
        """Keep what was deleted by one request: id, reason, time. It stays deleted in whatever is delivered later."""
        _write_json(self.root / "tombstones" / f"{receipt_id}.json", list(rows))

    def tombstone_files(self) -> list[Path]:
        return sorted((self.root / "tombstones").glob("*.json"))

    def tombstones(self) -> list[dict[str, Any]]:
        """Every post and account that was deleted on request, oldest request first."""
        return [row for path in self.tombstone_files() for row in json.loads(path.read_text("utf-8"))]

    def tombstones_id(self, without: str | None = None) -> str | None:
        """A fingerprint of all tombstones, or of all but those of one receipt; None where there are none."""
        files = [path for path in self.tombstone_files() if path.stem != without]
        return _digest_of([f"{path.name}\t{_digest_of_file(path)}\n" for path in files])[:16] if files else None

    def forget_capture(self, entry: CaptureEntry) -> None:
        """Take a capture out of the ledger and its bytes out of the data folder; a receipt tells of it."""
        shutil.rmtree(self.data_dir.captures / entry.capture_id, ignore_errors=True)
        (self.root / "captures" / f"{entry.capture_id}.json").unlink(missing_ok=True)

    def settings(self) -> dict[str, Any]:
        path = self.root / "settings.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else {}

    def change_settings(self, **changes: Any) -> None:
        """Set these and leave the others, whoever else changes one in the same moment; a run is not waited for."""
        self.root.mkdir(parents=True, exist_ok=True)
        with locked(self.root / "settings.lock"):
            _write_json(self.root / "settings.json", {**self.settings(), **changes})

    def removes_told_deletions(self) -> bool:
        """Whether a run takes out of the captures what captures say was deleted.

        It does unless somebody chose otherwise, and unless all is made up: there a deletion protects nobody, and shows
        how records are accounted for.
        """
        chosen = self.settings().get("told_deletions")
        return chosen == "remove" if chosen else not self.is_made_up()

    def is_made_up(self) -> bool:
        """Whether every accepted capture is synthetic."""
        accepted = [c for c in self.captures() if c.status == ACCEPTED]
        return bool(accepted) and all(c.is_synthetic for c in accepted)

    def study(self) -> str:
        """The study this folder's runs use: the one chosen, else `demo` for synthetic data, else `default`."""
        chosen = self.settings().get("study")
        if chosen:
            return chosen
        return "demo" if self.is_made_up() else "default"


def _store_file(source: Path, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with open(source, "rb") as reader, open(target, "wb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
            size += len(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    os.chmod(target, 0o600)
    return digest.hexdigest(), size


def digest_with_map(table: Path, column_map: Path) -> str:
    """The id that a table gets with its map, as `Ledger.store` makes it; nothing is stored."""
    parts = [table] if table.is_file() else sorted(p for p in table.rglob("*") if p.is_file() and not p.is_symlink())
    lines = [
        f"{table.name if part == table else part.relative_to(table).as_posix()}\t{_digest_of_file(part)}\n"
        for part in parts
    ]
    return _digest_of(sorted([*lines, f"{table.name}{MAP_SUFFIX}\t{_digest_of_file(column_map)}\n"]))


def _store_with_map(table: Path, column_map: Path, target: Path) -> tuple[str, int, str]:
    """A table (a file, or a folder of parts) and its map as one folder; the last id is that of the table alone."""
    target.mkdir()
    map_name = f"{table.name}{MAP_SUFFIX}"
    if table.is_dir():
        lines, size = _store_files(table, target)
        table_id = _digest_of(lines)
    else:
        table_id, size = _store_file(table, target / table.name)
        lines = [f"{table.name}\t{table_id}\n"]
    map_digest, map_size = _store_file(column_map, target / map_name)
    return _digest_of(sorted([*lines, f"{map_name}\t{map_digest}\n"])), size + map_size, table_id


def _digest_of(lines: list[str]) -> str:
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a stored capture, made as its id is: of the bytes, or of the sorted list of members of a folder."""
    if not path.is_dir():
        return _digest_of_file(path)
    members = sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())
    return _digest_of([f"{one.relative_to(path).as_posix()}\t{_digest_of_file(one)}\n" for one in members])


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file that only its owner may read."""
    _write_json(path, value)


def _store_folder(source: Path, target: Path) -> tuple[str, int]:
    lines, total = _store_files(source, target)
    return _digest_of(lines), total


def _store_files(source: Path, target: Path) -> tuple[list[str], int]:
    lines, total = [], 0
    for path in sorted(p for p in source.rglob("*") if p.is_file() and not p.is_symlink()):
        relative = path.relative_to(source).as_posix()
        (target / relative).parent.mkdir(parents=True, exist_ok=True)
        digest, size = _store_file(path, target / relative)
        lines.append(f"{relative}\t{digest}\n")
        total += size
    if not lines:
        raise InputError(
            file=str(source),
            expected="a folder that holds an unpacked archive or files of posts",
            found="an empty folder",
            next_step="Name the folder that directly holds the export.",
            code="empty_folder",
        )
    return lines, total


def _place(holding: Path, folder: Path, held_name: str, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(holding / held_name, folder / name)


def _remove(*paths: Path | None) -> None:
    for path in paths:
        if path is None:
            continue
        # of a link only the link goes: what it leads to lies elsewhere
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
