"""One deletion from its request to its receipt: captures, warehouse, releases, codes, logs, and the search at the end.

Belongs here: the order of the steps, and what each leaves when the process is killed in it. Does not belong here: the
run that builds the marts anew between `clear` and `finish`; whoever calls runs it.

    prepare   captures are written anew aside, loaded to count them, searched; nothing is replaced yet
    begin     journal and tombstones are on disk: from here on the deletion is finished, by whichever process; while
              there is a journal no other deletion is prepared
    clear     captures are replaced; the warehouse is written into a new file without them; copies and old releases go
    (run)     the pipeline loads the captures that changed, builds everything else anew, publishes
    finish    the releases before go; everything below the data folder is searched; the receipt is written
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.coding.store import CodingStore
from orchestration.connectors import all_raw_tables, create_raw_tables, detect
from orchestration.connectors.base import LoadResult
from orchestration.connectors.column_map import read_map
from orchestration.connectors.files import CaptureFiles
from orchestration.connectors.mapped import map_member
from orchestration.contract import MAP_SUFFIX, PROJECT_ROOT, DataDir, InputError, SuaraError, fsync_directory, quote
from orchestration.deletion import DROP, KEEP
from orchestration.deletion import journal as journals
from orchestration.deletion.journal import Journal
from orchestration.deletion.json_posts import SHORTEST_TEXT, Removed, head_of
from orchestration.deletion.requests import Target
from orchestration.deletion.resolve import Resolution, resolve, targets_of
from orchestration.deletion.rewriting import chunks, holds_notes, rewrite, texts_that_stay
from orchestration.deletion.sharing import handed_out
from orchestration.deletion.traces import Traces, files_below, find_traces, search_file
from orchestration.publishing.published_file import PUBLISHED_NAMES
from orchestration.warehouse import bookkeeping
from orchestration.warehouse.candidate import WarehouseStore, connect
from orchestration.warehouse.ledger import (
    ACCEPTED,
    QUARANTINED,
    CaptureEntry,
    Ledger,
    digest_of,
    digest_with_map,
    now,
    write_json,
)

Log = Callable[[str], None]

_NEW, _OLD = ".new-", ".old-"
# Lies beside a capture while what was deleted before is taken out of it: what happens to it, without content.
_SCREENING = ".screening.json"
# Texts of a purge that are searched for; beyond that the file is gone and everything is built anew all the same.
_MOST_TEXTS = 20_000
# Tables that remember what cannot be built again, with the key of the post that they speak of.
_REMEMBERED = {"int_codebook__versions": None, "int_codebook__codings": "post_key"}
# Places below the data folder with a use of their own; a copy of a capture lies elsewhere.
_PLACES = ("captures", "published", "ledger", "receipts", "dagster_home", "deletion")
# What runs leave behind and nobody needs again: a file there goes whole when it holds a trace.
_MADE_BY_RUNS = ("candidates", "rejected", "scratch", "dagster_home", "dbt_target", "demo", "warehouse.duckdb.wal")
# What a receipt says of the request where no person made one.
TOLD_REQUEST = {"file": None, "from": "deletions that captures deliver"}
_SHORTEST_NAME = 4
_LONGEST_NAME = 256  # an address of a post on Bluesky or Mastodon is shorter
_REMOVED_TEXT = "[removed: it held a deleted text]"


@dataclass
class Prepared:
    """What will happen to one stored capture.

    Attributes:
        new: Where it lies, written anew; None when it goes whole.
        whole_texts: Of one that goes whole, the texts that it holds.
        refusal: Why it cannot be rewritten, in words.
    """

    entry: CaptureEntry
    old_sha256: str
    new: Path | None = None
    new_sha256: str | None = None
    removed: Removed = field(default_factory=Removed)
    counts: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    refusal: str | None = None
    whole_texts: set[str] = field(default_factory=set)

    @property
    def records(self) -> int:
        """Records that it delivers less; of one that goes whole, all of them."""
        before = self.counts.get("delivered_before", 0)
        return before - self.counts.get("delivered_after", 0)

    def told(self) -> dict[str, Any]:
        """Its lines in journal and receipt: no content."""
        return {
            "capture_id": self.entry.capture_id,
            "file_name": self.entry.file_name,
            "source": self.entry.source,
            "what": "rewritten" if self.new else "removed whole",
            "old_sha256": self.old_sha256,
            "new_sha256": self.new_sha256,
            "records_removed": self.records,
            "records_emptied": self.removed.emptied,
            "coordinates_removed": self.removed.scrubbed,
            "counts": self.counts,
            "totals": self.totals,
        }


@dataclass
class Plan:
    """A request, resolved, with every capture that it changes written anew aside.

    Attributes:
        never_read: Files of captures that no reader could open (see `never_read`).
        still_named: Captures with records that nobody loads, and a name of what goes in them (see `still_named`).
    """

    resolution: Resolution
    captures: list[Prepared]
    never_read: list[str]
    still_named: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[Prepared]:
        return [one for one in self.captures if one.refusal]

    def discard(self) -> None:
        for one in self.captures:
            if one.new:
                _remove(one.new)


# prepare ----------------------------------------------------------------------------------------------------------


@contextmanager
def planned(
    data_dir: DataDir,
    targets: list[Target],
    *,
    whole: Iterable[str] = (),
    remove_whole: bool = False,
    log: Log = lambda _: None,
) -> Iterator[Plan]:
    """Yield what a deletion comes to; what was written aside is gone afterwards unless `begin` took it.

    Args:
        whole: Ids of captures that go whole.
        remove_whole: Captures that cannot be rewritten go whole, too.

    The caller holds the data folder's lock.
    """
    plan = prepare(data_dir, targets, whole=whole, remove_whole=remove_whole, log=log)
    try:
        yield plan
    finally:
        if not journals.place(data_dir).exists():
            plan.discard()


def prepare(
    data_dir: DataDir,
    targets: list[Target],
    *,
    whole: Iterable[str] = (),
    remove_whole: bool = False,
    log: Log = lambda _: None,
) -> Plan:
    """Write every capture that is concerned anew, aside, and see whether the result holds.

    Where only captures go whole, nothing is looked for in the others: what they hold as well is theirs and stays.

    Raises:
        SuaraError: Another deletion was begun and not finished: what it wrote aside is still needed.
    """
    journals.refuse_while_begun(data_dir)
    ledger = Ledger(data_dir)
    found = resolve(data_dir, targets)
    going = set(whole)
    captures = []
    for entry in ledger.captures():
        stored = ledger.stored_path(entry)
        _finish_screening(ledger, entry)
        for left in stored.parent.glob(f"{_NEW}*"):
            _remove(left)
        if not stored.exists():
            continue
        if entry.capture_id in going:
            captures.append(_whole(entry, stored))
            continue
        if not targets:
            continue
        one = prepare_capture(stored, entry, found, data_dir.scratch)
        if one is not None:
            captures.append(one)
            log(f"{entry.file_name}: {one.records:,} records go" if not one.refusal else one.refusal)
    if not targets:
        return Plan(found, captures, never_read(ledger))
    texts = set(found.texts).union(*(one.removed.texts for one in captures))
    stays = [one.new or ledger.stored_path(one.entry) for one in captures if one.new]
    kept_as_is = {one.entry.capture_id for one in captures}
    stays += [ledger.stored_path(e) for e in ledger.captures() if e.capture_id not in kept_as_is]
    traces = distinctive(texts, [path for path in stays if path.exists()])
    for one in captures:
        if one.new and one.refusal is None and traces and _has_trace(one.new, traces):
            one.refusal = (
                f"{one.entry.file_name} ({one.entry.capture_id[:12]}): expected no trace of the deleted posts in what "
                "was written anew; found one in a part that cannot be taken apart."
            )
    for entry in ledger.captures():
        if entry.capture_id not in kept_as_is and traces and _has_trace(ledger.stored_path(entry), traces):
            where = "a column or member without posts: a copy of it, or words that are the same"
            where = where if entry.source else "a file that no reader opens"
            refusal = (
                f"{entry.file_name} ({entry.capture_id[:12]}): expected no text of a deleted post, since none of its "
                f"posts goes; found one in {where}."
            )
            captures.append(Prepared(entry, digest_of(ledger.stored_path(entry)), refusal=refusal))
    if remove_whole:
        for number, one in enumerate(captures):
            if one.refusal:
                if one.new:
                    _remove(one.new)
                captures[number] = _whole(one.entry, ledger.stored_path(one.entry))
                captures[number].removed.texts = one.removed.texts
    places = {one.entry.capture_id: one.new for one in captures}
    whole_files = {one.entry.file_name for one in captures if one.new is None and one.refusal is None}
    unread = [name for name in never_read(ledger) if name not in whole_files]
    return Plan(found, captures, unread, still_named(ledger, (t.value for t in targets), places))


def never_read(ledger: Ledger) -> list[str]:
    """Files of captures that no reader could open: an encrypted zip, a packer or a format that is not known here.

    Nothing of them is in any table. They are searched as they lie, and what is packed in them is not seen.
    """
    return [one.file_name for one in ledger.captures() if one.source is None and one.status == QUARANTINED]


def still_named(ledger: Ledger, names: Iterable[str], instead: Mapping[str, Path | None] | None = None) -> list[str]:
    """Files of captures in which an id or handle of what goes is left, and that hold records which nobody loads.

    A post that was never loaded is in no table: nothing tells it from a post that stays and only names it, so nothing
    of it is taken out. A person has to look.

    Args:
        names: Ids and handles; of fewer than 4 characters they are in every file.
        instead: By capture, where it was written anew; None where it goes whole.
    """
    sought = Traces.exactly({name.lower().encode() for name in names if len(name) >= _SHORTEST_NAME})
    found = []
    for entry in ledger.captures():
        place = (instead or {}).get(entry.capture_id, ledger.stored_path(entry))
        has_unread = entry.status == QUARANTINED or entry.counts.get("rejected", 0) > 0
        if sought and has_unread and place is not None and place.exists() and _holds_one(place, sought):
            found.append(entry.file_name)
    return found


def _holds_one(stored: Path, sought: Traces) -> bool:
    try:
        with CaptureFiles(stored) as files:
            for member in files.members():
                rest = b""
                for chunk in chunks(files, member.name):
                    if sought.search(rest + chunk.lower()):
                        return True
                    rest = (rest + chunk.lower())[-_LONGEST_NAME:]
    except InputError:
        pass  # what cannot be opened is named as never read
    return False


def distinctive(texts: Collection[str], stays: Iterable[Path], *, may_stay: bool = False) -> Traces:
    """The texts that nothing that stays holds, nor the project itself: only those can be told from what may stay.

    Args:
        may_stay: A copy of a text may stay in what stays, in whichever form: only a capture goes, not its posts.
    """
    traces = Traces.of(text for text in texts if len(text) >= SHORTEST_TEXT)
    if not traces:
        return traces
    traces = traces.without(
        path.read_text("utf-8", "replace") for path in sorted((PROJECT_ROOT / "dbt_project" / "seeds").rglob("*.csv"))
    )
    for path in stays:
        if may_stay:
            found = {one for file in _files_of(path) for one in search_file(file, traces)}
            traces = traces.without({traces.pieces[one] for one in found})
        elif _has_trace(path, traces):
            with suppress(InputError):  # what cannot be read to its end clears nothing
                traces = traces.without(texts_that_stay(path))
    return traces


def _files_of(path: Path) -> Iterable[Path]:
    return [path] if path.is_file() else files_below(path)


def _has_trace(path: Path, traces: Traces) -> bool:
    return any(search_file(one, traces) for one in _files_of(path))


def _whole(entry: CaptureEntry, stored: Path) -> Prepared:
    one = Prepared(entry, digest_of(stored))
    one.counts = {"delivered_before": entry.counts.get("delivered", 0), "delivered_after": 0}
    held = Removed()
    try:
        for text in texts_that_stay(stored):
            if len(held.texts) >= _MOST_TEXTS:
                break
            held.add_text(text)
    except InputError:
        pass  # what cannot be read holds no text that could be looked for
    one.whole_texts = held.texts
    return one


def prepare_capture(stored: Path, entry: CaptureEntry, found: Resolution, scratch: Path) -> Prepared | None:
    """One capture written anew aside, counted before and after; None when nothing of it has to go."""
    places = found.places.get(entry.capture_id, set())
    names = found.names(entry.capture_id, platform_of(stored, entry))
    one = Prepared(entry, "")
    new = stored.with_name(f"{_NEW}{stored.name}")
    try:
        is_changed = rewrite(stored, new, names, one.removed)
        heads = frozenset(map(head_of, {*found.texts, *one.removed.texts}))
        if heads and _has_notes(stored):
            # a long text lies beside its cut post, which is only known now
            again = stored.with_name(f"{_NEW}2-{stored.name}")
            if rewrite(new if is_changed else stored, again, replace(names, heads=heads), one.removed):
                _remove(new)
                os.replace(again, new)
                is_changed = True
    except InputError:
        if not one.removed:
            return None  # it cannot be opened: nothing of it was ever loaded; the search looks at its bytes
        one.old_sha256 = digest_of(stored)
        one.refusal = (
            f"{entry.file_name} ({entry.capture_id[:12]}): expected a file that can be read to its end; found one that "
            "cannot, with a deleted post in it."
        )
        return one
    lost = {place for place in places if place and place not in one.removed.ids}
    if lost:
        one.refusal = (
            f"{entry.file_name} ({entry.capture_id[:12]}): expected {len(lost):,} posts to be found by their ids and "
            "taken out; found them in the warehouse, but not in the file."
        )
    if not is_changed and not lost:
        return None
    one.old_sha256 = digest_of(stored)
    if not is_changed:
        return one
    one.new, one.new_sha256 = new, digest_of(new)
    before, after = _load(stored, entry, scratch), _load(new, entry, scratch)
    if before is None:
        return one
    if after is None or not after.delivered_count:
        # nothing is left that could be loaded; a capture without a record would be refused by the gate
        _remove(new)
        one.new = one.new_sha256 = None
        one.counts = {"delivered_before": before.delivered_count, "delivered_after": 0}
        return one
    one.counts = {
        "delivered_before": before.delivered_count,
        "delivered_after": after.delivered_count,
        "loaded_before": before.loaded_count,
        "loaded_after": after.loaded_count,
        "rejected_before": before.rejected_count,
        "rejected_after": after.rejected_count,
    }
    gaps = {total.statement: total.counted_count - total.stated_count for total in before.control_totals}
    for total in after.control_totals:
        missing = gaps.get(total.statement, 0) - (total.counted_count - total.stated_count)
        if missing:
            one.totals[total.statement] = missing
    return one


def _has_notes(stored: Path) -> bool:
    with CaptureFiles(stored) as files:
        return any(holds_notes(member.name) for member in files.members())


def platform_of(stored: Path, entry: CaptureEntry) -> str | None:
    """Whose posts a capture holds; None where no reader tells."""
    try:
        with CaptureFiles(stored) as files:
            if (name := map_member(files)) is not None:
                return read_map(files.head_text(name), name).platform
            return detect(files, entry.requested_source or entry.source).platform
    except InputError:
        return None


def _load(stored: Path, entry: CaptureEntry, scratch: Path) -> LoadResult | None:
    """What a capture delivers; None when it cannot be loaded."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="count_", dir=scratch) as folder, duckdb.connect() as con:
        con.execute(f"set temp_directory = '{folder}'")
        create_raw_tables(con)
        try:
            with CaptureFiles(stored) as files:
                connector = detect(files, entry.requested_source or entry.source)
                return connector.load(con, entry.capture_id, files, Path(folder))
        except InputError:
            return None


# begin ------------------------------------------------------------------------------------------------------------


def begin(
    data_dir: DataDir,
    plan: Plan,
    *,
    kind: str,
    reason: str = "",
    request: dict[str, Any] | None = None,
    counts: str = DROP,
) -> Journal:
    """Put the deletion on record; from here on it is finished, whatever happens to this process.

    Raises:
        SuaraError: A capture cannot be rewritten, or another deletion is under way. Nothing was changed then.
    """
    journals.refuse_while_begun(data_dir)
    if plan.refused:
        refusals = "\n".join(f"- {one.refusal}" for one in plan.refused)
        raise SuaraError(
            f"These captures cannot be rewritten, and nothing was changed:\n{refusals}\n"
            "Run it again with --remove-whole to remove them whole, or set the file right at its source and deliver it "
            "again after `suara purge --capture`."
        )
    began_at = now()
    receipt_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{kind}"
    rows = []
    for target in plan.resolution.targets:
        account_id, month = plan.resolution.months.get((target.platform, target.value), (None, None))
        rows.append(
            {
                "receipt_id": receipt_id,
                "platform": target.platform,
                "kind": target.kind,
                "value": target.value,
                "reason": target.reason,
                "action": target.action,
                "told_at": target.told_at,
                "forgotten_at": began_at,
                "account_id": account_id if counts == KEEP else None,
                "posted_month": month.isoformat() if month and counts == KEEP else None,
            }
        )
    journal = Journal(
        receipt_id,
        kind,
        began_at,
        reason,
        request or {},
        counts,
        rows,
        [one.told() for one in plan.captures],
        sorted(plan.resolution.post_keys),
        sorted({*plan.resolution.texts}.union(*(one.removed.texts for one in plan.captures))),
        whole_texts=sorted(set().union(*(one.whole_texts for one in plan.captures))),
    )
    journal.write(data_dir)
    _put_tombstones(data_dir, journal)
    return journal


def purge_too(data_dir: DataDir, journal: Journal, entries: Iterable[CaptureEntry], reason: str) -> None:
    """Let captures go whole with a deletion that was begun: what keeps it from being finished goes with it."""
    ledger = Ledger(data_dir)
    for entry in entries:
        one = _whole(entry, ledger.stored_path(entry))
        others = [told for told in journal.captures if told["capture_id"] != entry.capture_id]
        journal.captures = [*others, one.told()]
        journal.whole_texts = sorted({*journal.whole_texts, *one.whole_texts})
    journal.reason = "; ".join(filter(None, (journal.reason, f"captures that went whole: {reason}")))
    journal.steps = []
    journal.write(data_dir)


def _put_tombstones(data_dir: DataDir, journal: Journal) -> None:
    if journal.tombstones:
        Ledger(data_dir).add_tombstones(journal.receipt_id, journal.tombstones)


# clear ------------------------------------------------------------------------------------------------------------


def clear(data_dir: DataDir, journal: Journal) -> bool:
    """Replace the captures, and remove every copy of what they held; may be called again after a kill.

    Returns:
        Whether there is anything left to build marts from.
    """
    ledger = Ledger(data_dir)
    _put_tombstones(data_dir, journal)  # a process that was killed right behind the journal has not
    for told in journal.captures:
        _swap(ledger, told, journal)
    # one that was not searched for earlier deletions, since its run was killed, was searched for this one only
    before, tombstones_id = ledger.tombstones_id(without=journal.receipt_id), ledger.tombstones_id()
    for entry in ledger.captures():
        if entry.screened == before != tombstones_id:
            entry.screened = tombstones_id
            ledger.write_capture(entry)
    journal.did(data_dir, "captures")
    is_left = any(entry.status == ACCEPTED for entry in ledger.captures())
    changed = {told["capture_id"] for told in journal.captures}
    if "warehouse" not in journal.steps:
        if changed:
            _fresh_warehouse(data_dir, changed, set(journal.post_keys), keep=is_left)
        journal.did(data_dir, "warehouse")
    if changed:
        for folder in (data_dir.rejected, data_dir.candidates, data_dir.scratch, data_dir.root / "dbt_target"):
            shutil.rmtree(folder, ignore_errors=True)
        data_dir.close_to_others()
        releases = data_dir.published / "releases"
        current = (data_dir.published / "current").resolve()
        for folder in releases.iterdir() if releases.is_dir() else []:
            if folder.resolve() != current:
                shutil.rmtree(folder, ignore_errors=True)
    if journal.post_keys:
        CodingStore(data_dir).remove_posts(set(journal.post_keys))
    if journals.CLEARED not in journal.steps:
        # the ledger's outcomes are loaded by the run that follows, so what they quote goes before it
        _search(data_dir, journal, everywhere=False)
    journal.did(data_dir, journals.CLEARED)
    if not is_left:
        withdraw(data_dir)
    return is_left


def _swap(ledger: Ledger, told: dict[str, Any], journal: Journal) -> None:
    """Put the new capture in the place of the old one, and say so in the ledger. Each step can be done again."""
    path = ledger.root / "captures" / f"{told['capture_id']}.json"
    if not path.exists():
        shutil.rmtree(ledger.data_dir.captures / told["capture_id"], ignore_errors=True)
        return
    entry = ledger.capture(told["capture_id"])
    if told["new_sha256"] is None:
        ledger.forget_capture(entry)
        return
    stored = ledger.stored_path(entry)
    new, old = stored.with_name(f"{_NEW}{stored.name}"), stored.with_name(f"{_OLD}{stored.name}")
    if new.exists():
        if new.is_dir() and stored.exists():
            # a folder cannot be replaced by one rename: the old one steps aside first
            _remove(old)
            os.replace(stored, old)
        os.replace(new, stored)
        fsync_directory(stored.parent)
    _remove(old)
    if journal.receipt_id in entry.removed.get("receipts", []):
        return
    entry.stored_sha256 = told["new_sha256"]
    totals = dict(entry.removed.get("totals", {}))
    for statement, count in told["totals"].items():
        totals[statement] = totals.get(statement, 0) + count
    entry.removed = {
        "receipts": [*entry.removed.get("receipts", []), journal.receipt_id],
        "records": entry.removed.get("records", 0) + told["records_removed"],
        "totals": totals,
    }
    ledger.write_capture(entry)


def _fresh_warehouse(data_dir: DataDir, changed: set[str], post_keys: set[str], *, keep: bool) -> None:
    """Write the warehouse into a new file: a deleted row's bytes stay in the blocks of the old one.

    What is built anew from raw is left out. What the codebook's earlier versions made of posts cannot be built again
    and comes along.
    """
    old = data_dir.warehouse
    fresh = old.with_name("fresh") / old.name
    shutil.rmtree(fresh.parent, ignore_errors=True)
    if old.exists() and keep:
        connection = connect(old, scratch=data_dir.scratch, read_only=True)
        try:
            is_current = bookkeeping.is_current(connection)
        finally:
            connection.close()
        if is_current:
            fresh.parent.mkdir(mode=0o700)  # it is readable to others while it is written
            _copy_what_stays(old, fresh, data_dir.scratch, changed, post_keys)
            os.chmod(fresh, 0o600)
            os.replace(fresh, old)
            shutil.rmtree(fresh.parent, ignore_errors=True)
            fsync_directory(old.parent)
            return
    old.unlink(missing_ok=True)
    Path(f"{old}.wal").unlink(missing_ok=True)


def _copy_what_stays(old: Path, fresh: Path, scratch: Path, changed: set[str], post_keys: set[str]) -> None:
    connection = connect(fresh, scratch=scratch)
    try:
        bookkeeping.create_raw_schema(connection)
        connection.execute(f"attach {quote(old)} as before (read_only)")
        connection.execute("create temp table changed (capture_id varchar)")
        connection.execute("create temp table gone (post_key varchar)")
        connection.executemany("insert into changed values (?)", [[one] for one in sorted(changed)])
        connection.execute("insert into gone select unnest(?::varchar[])", [sorted(post_keys)])
        for table in all_raw_tables():
            if table != "check_outcomes":
                connection.execute(
                    f"insert into raw.{table} by name select * from before.raw.{table} "
                    "where capture_id not in (select capture_id from changed)"
                )
        connection.execute("create schema intermediate")
        held = {
            row[0]
            for row in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'before' and schema_name = 'intermediate'"
            ).fetchall()
        }
        for table, key in _REMEMBERED.items():
            if table in held:
                where = f"where {key} not in (select post_key from gone)" if key else ""
                connection.execute(
                    f"create table intermediate.{table} as select * from before.intermediate.{table} {where}"
                )
        connection.execute("detach before")
        connection.execute("checkpoint")
    finally:
        connection.close()


def withdraw(data_dir: DataDir) -> None:
    """Take what is published away: it holds what has to go, and nothing could be built in its place."""
    for name in (*PUBLISHED_NAMES, "current"):
        link = data_dir.published / name
        if link.is_symlink() or link.exists():
            _remove(link)
    shutil.rmtree(data_dir.published / "releases", ignore_errors=True)


# finish -----------------------------------------------------------------------------------------------------------


def finish(data_dir: DataDir, journal: Journal, *, release: str | None) -> dict[str, Any]:
    """Remove the releases before, search everything, write the receipt, close the journal.

    Args:
        release: The release that was published without what is gone; None withdraws what is published.

    Returns:
        The receipt.

    Raises:
        SuaraError: A trace is left in something that cannot be removed by itself. The journal stays.
    """
    if release is None:
        withdraw(data_dir)
    else:
        releases = data_dir.published / "releases"
        current = (data_dir.published / "current").resolve()
        for folder in releases.iterdir():
            if folder.resolve() != current:
                shutil.rmtree(folder, ignore_errors=True)
    searched = sum(1 for path in files_below(data_dir.root) if data_dir.inbox not in path.parents)
    found = _search(data_dir, journal, everywhere=True)
    if found.held:
        raise SuaraError(
            f"The deletion {journal.receipt_id} is not finished: expected no trace of what was deleted; found one in "
            f"{', '.join(found.held)}. `suara purge --capture` removes a capture whole; a file of your own is yours to "
            "mend or to remove. `suara forget` goes on with it then."
        )
    receipt = {
        "receipt_id": journal.receipt_id,
        "kind": journal.kind,
        "reason": journal.reason,
        "request": journal.request,
        "began_at": journal.began_at,
        "finished_at": now(),
        "counts_of_deleted_posts": journal.counts if journal.tombstones else None,
        "targets": _counted(journal.tombstones),
        "captures": journal.captures,
        "records_removed": sum(told["records_removed"] for told in journal.captures),
        "removed_files": journal.removed_files,
        "never_read": never_read(Ledger(data_dir)),
        "still_named": still_named(Ledger(data_dir), (row["value"] for row in journal.tombstones)),
        "waiting_in_inbox": found.waiting,
        "searched": {
            "files": searched,
            "texts": len({*journal.texts, *journal.whole_texts}),
            "pieces": found.pieces,
        },
        "published": release or "nothing: what was published is withdrawn",
        # whoever got posts before cannot be reached from here, and has to be told
        "handed_out_before": [vars(one) for one in handed_out(data_dir)],
    }
    write_json(data_dir.receipts / f"{journal.receipt_id}.json", receipt)
    journals.close(data_dir)
    return receipt


@dataclass
class _Search:
    """What a search below the data folder came to.

    Attributes:
        pieces: How many pieces of texts were searched for.
        held: Files with a trace that cannot be taken away by themselves.
        waiting: Files of the inbox with a trace. They are the only copy of what else they hold, and the run that takes
            them in rewrites them: they are left alone.
    """

    pieces: int
    held: list[str]
    waiting: list[str]


def _search(data_dir: DataDir, journal: Journal, *, everywhere: bool) -> _Search:
    """Search what lies below the data folder, and take away what holds a trace.

    A text of a capture that went whole may stand in other captures, and so in what is built anew from them: it is
    searched for in everything else.

    Args:
        everywhere: In captures, warehouse and published files, too.
    """
    ledger = Ledger(data_dir)
    stays = [path for entry in ledger.captures() if (path := ledger.stored_path(entry)).exists()]
    traces = distinctive(journal.texts, stays)
    whole = distinctive(set(journal.whole_texts).difference(journal.texts), stays, may_stay=True)
    built = (data_dir.captures, data_dir.published, data_dir.warehouse)
    rest = (data_dir.inbox, journals.place(data_dir).parent)
    places = [path for path in sorted(data_dir.root.iterdir()) if path not in rest]
    aside = [path for path in places if path not in built]
    held = []

    def take(paths: Iterable[Path], sought: Traces, is_copy: bool = False) -> None:
        for path in paths:
            if not _note_removed(data_dir, journal, path, _take_away(data_dir, path, sought, is_copy=is_copy)):
                held.append(path.relative_to(data_dir.root).as_posix())

    take(find_traces(data_dir, traces, places if everywhere else aside), traces)
    take(find_traces(data_dir, whole, aside), whole)
    take(_copies_of(data_dir, journal), traces, is_copy=True)
    waiting = [path.relative_to(data_dir.root).as_posix() for path in find_traces(data_dir, traces, [data_dir.inbox])]
    return _Search(len({*traces.pieces.values(), *whole.pieces.values()}), held, waiting)


def _note_removed(data_dir: DataDir, journal: Journal, path: Path, is_gone: bool) -> bool:
    relative = path.relative_to(data_dir.root).as_posix()
    if is_gone and relative not in journal.removed_files:
        journal.removed_files.append(relative)
        journal.write(data_dir)
    return is_gone


def _copies_of(data_dir: DataDir, journal: Journal) -> list[Path]:
    """Copies of captures as they were delivered, below the data folder: the demo keeps what it generated.

    They are known by their hash, since a text that other posts share is no trace by itself.
    """
    olds = {told[name] for told in journal.captures for name in ("old_sha256", "capture_id")}
    # one that waits in the inbox would come back with the next run; it goes with the capture that went whole only
    whole = {
        told[name] for told in journal.captures if told["new_sha256"] is None for name in ("old_sha256", "capture_id")
    }
    ids = [row["value"].encode() for row in journal.tombstones if row["kind"] == "post"]
    found = []
    for path in files_below(data_dir.root):
        top = path.relative_to(data_dir.root).parts[0]
        if top in _PLACES or path == data_dir.warehouse or top == data_dir.inbox.name:
            continue
        if digest_of(path) in olds or (top == "demo" and any(one in path.read_bytes() for one in ids)):
            found.append(path)
    for path in sorted(data_dir.inbox.iterdir()) if whole and data_dir.inbox.is_dir() else ():
        # as a run would take it in: a file, a folder, either with the map beside it
        column_map = path.with_name(f"{path.name}{MAP_SUFFIX}")
        if column_map.is_file() and digest_with_map(path, column_map) in whole:
            found += [path, column_map]
        elif not path.is_symlink() and digest_of(path) in whole:
            found.append(path)
    return found


def _counted(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        name = f"{row['kind']}, {row['reason']}"
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))


def _take_away(data_dir: DataDir, path: Path, traces: Traces, *, is_copy: bool = False) -> bool:
    """Remove a file that holds a trace, or the trace from it.

    Args:
        is_copy: It is a copy of a capture as delivered, wherever it lies.

    Returns:
        False for what a run has to make anew, and for what people made: that is theirs to mend.
    """
    top = path.relative_to(data_dir.root).parts[0]
    if top == "ledger" and path.suffix == ".json":
        write_json(path, _redacted(json.loads(path.read_text("utf-8")), traces))
        return not search_file(path, traces)
    if not is_copy and top not in _MADE_BY_RUNS:
        return False
    _remove(path)
    return True


def _redacted(value: Any, traces: Traces) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(inner, traces) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, traces) for inner in value]
    if isinstance(value, str) and traces.search(value.encode("utf-8", "surrogateescape")):
        return _REMOVED_TEXT
    return value


# What comes later -------------------------------------------------------------------------------------------------


def screen(ledger: Ledger, entry: CaptureEntry) -> int:
    """Take what was deleted before out of a capture that was delivered now, before anything of it is loaded.

    Returns:
        How many records went.

    Raises:
        InputError: It holds a deleted post and cannot be rewritten.
    """
    stored = ledger.stored_path(entry)
    _finish_screening(ledger, entry)
    tombstones_id = ledger.tombstones_id()
    if tombstones_id is None or entry.screened == tombstones_id:
        return 0
    found = Resolution(targets_of(ledger.tombstones()))
    one = prepare_capture(stored, entry, found, ledger.data_dir.scratch)
    records = 0
    if one is not None:
        if one.refusal:
            ledger.forget_capture(entry)
            raise InputError(
                file=entry.file_name,
                expected="a file that can be read to its end",
                found="one that cannot, with a post in it that was deleted on request",
                next_step="Deliver the whole file: what is not deleted in it is loaded then.",
                code="deleted",
            )
        if one.new is None:
            ledger.forget_capture(entry)
            raise InputError(
                file=entry.file_name,
                expected="posts that were not deleted on request",
                found="nothing else",
                next_step="Nothing to do: what was deleted stays deleted.",
                code="deleted",
            )
        write_json(stored.parent / _SCREENING, {"receipt_id": f"screened-{tombstones_id}", **one.told()})
        _finish_screening(ledger, entry)
        records = one.records
    kept = ledger.capture(entry.capture_id)
    entry.stored_sha256, entry.removed, entry.screened = kept.stored_sha256, kept.removed, tombstones_id
    ledger.write_capture(entry)
    return records


def _finish_screening(ledger: Ledger, entry: CaptureEntry) -> None:
    """Put what `screen` wrote aside in its place, also what a process wrote that was killed then."""
    note = ledger.stored_path(entry).parent / _SCREENING
    if note.exists():
        told = json.loads(note.read_text("utf-8"))
        _swap(ledger, told, Journal(told["receipt_id"], journals.DELETION, now()))
        note.unlink()


def lock(data_dir: DataDir, log: Log = lambda _: None) -> WarehouseStore:
    """The data folder's writer lock, held."""
    store = WarehouseStore(data_dir)
    store.hold(log)
    return store


def request_of(path: Path) -> dict[str, Any]:
    """What a receipt says of the request: its name and hash."""
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
