"""Files as delivered: taken in, kept whole, recognised.

Belongs here: the `captures` asset. Does not belong here: reading records (raw.py).
"""

# No postponed annotations here: dagster reads the types of an asset's parameters when it is defined.

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from pydantic import Field

from orchestration.assets.raw import NOTHING_LEFT
from orchestration.checks import READABLE, readable_spec
from orchestration.connectors import detect
from orchestration.connectors.files import CaptureFiles
from orchestration.contract import MAP_SUFFIX, InputError
from orchestration.dbt_translator import OWNERS
from orchestration.deletion import begun, retention
from orchestration.deletion.forget import screen
from orchestration.deletion.unread import leave_out_unread
from orchestration.resources.warehouse import Warehouse
from orchestration.warehouse.candidate import Log
from orchestration.warehouse.ledger import (
    ACCEPTED,
    DECIDED_BY_GATE,
    QUARANTINED,
    CaptureEntry,
    Ledger,
)

CAPTURES = dg.AssetKey(["captures"])


class CapturesConfig(dg.Config):
    """What to take in besides the inbox."""

    files: list[str] = Field(default_factory=list, description="Paths of files or folders to take in.")
    source: str | None = Field(default=None, description="Source family of these files; detected when empty.")
    column_map: str | None = Field(
        default=None, description="Map of the columns of these files; otherwise the one that lies beside each of them."
    )
    synthetic: bool = Field(default=False, description="The files are generated demo data.")


def inbox_files(inbox: Path) -> list[Path]:
    """What was dropped into the inbox; hidden and half-copied files are left alone."""
    if not inbox.is_dir():
        return []
    return sorted(
        path
        for path in inbox.iterdir()
        if not path.name.startswith(".") and path.suffix not in (".part", ".partial", ".crdownload", ".tmp")
    )


def map_beside(path: Path) -> Path | None:
    """The map of a table's columns: `posts.csv.map.yml` beside `posts.csv`."""
    beside = path.with_name(f"{path.name}{MAP_SUFFIX}")
    return beside if beside.is_file() else None


def _refuse_map_alone(path: Path) -> None:
    if path.name.endswith(MAP_SUFFIX):
        raise InputError(
            file=path.name,
            expected=f"the table {path.name.removesuffix(MAP_SUFFIX)} beside its map",
            found="the map alone",
            next_step="Put both into the same folder, or name both: `suara run --map MAP TABLE`.",
            code="map_alone",
        )


def recognise(ledger: Ledger, entry: CaptureEntry) -> str | None:
    """Detect a capture's source; on failure quarantine it and return the reason."""
    path = ledger.stored_path(entry)
    try:
        with CaptureFiles(path) as files:
            entry.source = detect(files, entry.requested_source).source
        ledger.write_capture(entry)
        leave_out_unread(ledger, entry)
        screen(ledger, entry)  # what was deleted on request does not come back with another file
        return None
    except InputError as error:
        reason = str(error).replace(str(path), entry.file_name)
        if path.exists():
            ledger.decide(entry, QUARANTINED, reason, DECIDED_BY_GATE)
        return reason


def mend_stored(ledger: Ledger, done: set[str], log: Log) -> dict[str, str]:
    """Bring captures of earlier runs to where one that is delivered now is.

    A run that was killed left a capture unrecognised, or not searched for what was deleted before; a version before
    stored more of an archive. Of all others nothing is read.

    Returns:
        By file name, why a capture cannot be used.
    """
    unreadable = {}
    for entry in ledger.captures():
        if entry.capture_id in done:
            continue
        if entry.source is None and entry.status == ACCEPTED:
            if reason := recognise(ledger, entry):
                unreadable[entry.file_name] = reason
            continue
        try:
            if count := leave_out_unread(ledger, entry):
                log(f"{entry.file_name}: {count} members are stored with less now; see {ledger.data_dir.receipts}")
            screen(ledger, entry)
        except InputError as error:
            unreadable[entry.file_name] = str(error)
    return unreadable


def _why_quarantined(entries: list[CaptureEntry]) -> str:
    """Of every run, not only of the one that took a file in: what stays out has to be seen in the UI later, too."""
    return "\n".join(f"- {e.file_name}: {e.reason}" for e in entries if e.status == QUARANTINED) or "none"


def _retention_result(ledger: Ledger) -> dg.AssetCheckResult:
    due = retention.due(ledger)
    return dg.AssetCheckResult(
        check_name=retention.RETENTION,
        passed=not due,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(one.text for one in due)[:500] or None,
        metadata={"captures": dg.MetadataValue.md("\n".join(f"- {one.text}" for one in due) or "none")},
    )


@dg.asset(
    key=CAPTURES,
    group_name="capture",
    kinds={"file"},
    owners=OWNERS,
    check_specs=[
        readable_spec(CAPTURES),
        dg.AssetCheckSpec(name=retention.RETENTION, asset=CAPTURES, description=retention.RETENTION_TEXT),
    ],
    output_required=False,
)
def captures(
    context: dg.AssetExecutionContext, config: CapturesConfig, warehouse: Warehouse
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """One file or folder as delivered, stored whole under its SHA-256.

    Takes in the files named in the run's configuration and everything in `data/inbox/`. The same bytes
    again are the same capture: recorded once, loaded once.
    """
    warehouse.hold(context)
    with warehouse.timed(context, "captures"):
        ledger, data_dir = warehouse.ledger, warehouse.paths
        is_left = begun.go_on(data_dir, context.log.warning)
        data_dir.make_inbox()
        named = [(Path(name), False) for name in config.files]
        in_inbox = inbox_files(data_dir.inbox)
        maps = {map_beside(path) for path in in_inbox}
        dropped = [(path, True) for path in in_inbox if path not in maps]
        new, unreadable = [], {}
        for path, move in [*named, *dropped]:
            column_map = Path(config.column_map) if config.column_map and not move else map_beside(path)
            try:
                _refuse_map_alone(path)
                entry, is_new = ledger.store(
                    path,
                    source=config.source,
                    is_synthetic=config.synthetic,
                    column_map=column_map,
                    move=move,
                    log=context.log.info,
                )
            except InputError as error:
                unreadable[path.name] = str(error)
                continue
            if not is_new and entry.source and entry.status == ACCEPTED:
                context.log.info(f"{path.name}: these bytes are known as {entry.file_name}; not loaded twice")
                continue
            new.append(entry)
            if not is_new and entry.status == QUARANTINED:
                ledger.decide(entry, ACCEPTED, "delivered again: looked at anew", DECIDED_BY_GATE)
            if reason := recognise(ledger, entry):
                unreadable[entry.file_name] = reason
                continue
            for other in ledger.set_aside_other_maps(entry):
                context.log.warning(f"{other.file_name} ({other.capture_id[:12]}): {other.reason}")
        refused = len(unreadable)
        unreadable |= mend_stored(ledger, {entry.capture_id for entry in new}, context.log.info)
        entries = ledger.captures()
        yield _retention_result(ledger)
        yield dg.AssetCheckResult(
            check_name=READABLE,
            passed=not unreadable,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(unreadable.values())[:500] or None,
            metadata={
                "new": len(new),
                "unreadable": dg.MetadataValue.md("\n".join(f"- {text}" for text in unreadable.values()) or "none"),
            },
        )
        if refused and refused >= len(named) + len(dropped):
            raise dg.Failure(
                description="Gate 'captures' is closed: nothing of what was delivered can be used. "
                "The warehouse and the published file are as they were.\n"
                + "\n".join(f"- {text}" for text in unreadable.values()),
                allow_retries=False,
            )
        if not is_left and not new:
            raise dg.Failure(description=NOTHING_LEFT.format(receipts=data_dir.receipts), allow_retries=False)
        if not entries:
            raise dg.Failure(
                description="There is nothing to load: no capture was ever delivered. "
                f"Drop files into {data_dir.inbox} and materialize again, or run `suara run FILES…`.",
                allow_retries=False,
            )
        yield dg.MaterializeResult(
            metadata={
                "captures": len(entries),
                "accepted": sum(e.status == ACCEPTED for e in entries),
                "quarantined": sum(e.status == QUARANTINED for e in entries),
                "why quarantined": dg.MetadataValue.md(_why_quarantined(entries)),
                "new": len(new),
                "bytes": sum(e.byte_size for e in entries),
            }
        )
