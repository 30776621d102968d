"""What a run does about deletions before and after its own work.

Belongs here: going on with a deletion that was begun, removing captures whose time is over, closing both when the
release is out. Does not belong here: dagster; the assets call these functions.
"""

from __future__ import annotations

from typing import Any

from orchestration.contract import DataDir, SuaraError
from orchestration.deletion import forget, journal, retention
from orchestration.deletion.forget import Log
from orchestration.deletion.journal import Journal
from orchestration.warehouse.ledger import Ledger

PUBLISHED = "published"


def go_on(data_dir: DataDir, log: Log) -> bool:
    """Bring captures and warehouse to where a deletion wants them. The caller holds the lock.

    Returns:
        False when nothing is left that marts could be built from; the deletion is finished then.
    """
    begun = Journal.read(data_dir)
    over = [] if begun else [one for one in retention.due(Ledger(data_dir)) if one.is_over]
    if over:
        with forget.planned(data_dir, [], whole=[one.entry.capture_id for one in over]) as plan:
            begun = forget.begin(data_dir, plan, kind=journal.RETENTION, reason="the end of the retention time")
    if begun is None:
        return True
    log(f"going on with {begun.receipt_id}: {len(begun.captures)} captures")
    if not forget.clear(data_dir, begun):
        forget.finish(data_dir, begun, release=None)
        return False
    return True


def close(data_dir: DataDir, release_id: str, log: Log) -> dict[str, Any] | None:
    """After a release: remove what is older, search, write the receipt. Nothing when no deletion was begun."""
    begun = Journal.read(data_dir)
    if begun is None or journal.CLEARED not in begun.steps:
        return None
    begun.did(data_dir, f"{PUBLISHED} {release_id}")
    receipt = forget.finish(data_dir, begun, release=release_id)
    log(f"receipt {receipt['receipt_id']}: {receipt['records_removed']:,} records removed, no trace found")
    return receipt


def give_up(data_dir: DataDir) -> dict[str, Any] | None:
    """After a run that published nothing: what was published holds what has to go, so it is withdrawn."""
    begun = Journal.read(data_dir)
    if begun is None:
        return None
    if any(step.startswith(PUBLISHED) for step in begun.steps):
        raise SuaraError(f"The deletion {begun.receipt_id} is not finished; see the errors above.")
    return forget.finish(data_dir, begun, release=None)
