"""What a run does about deletions before and after its own work.

Belongs here: going on with a deletion that was begun, removing captures whose time is over, carrying out what captures
tell, closing each when the release is out. Does not belong here: dagster; the assets call these functions.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from orchestration.contract import PROJECT_ROOT, DataDir, SuaraError
from orchestration.deletion import DROP, forget, journal, retention
from orchestration.deletion.forget import Log
from orchestration.deletion.journal import Journal
from orchestration.deletion.requests import SCRUB_GEO, Target
from orchestration.deletion.resolve import delivered_deletions
from orchestration.warehouse.gates import WARNING
from orchestration.warehouse.ledger import Ledger, digest_of

PUBLISHED = "published"
CARRIED_OUT = "told_deletions_are_carried_out"
CARRIED_OUT_TEXT = (
    "No capture holds a post of which a capture says that it, or its account, was deleted: a run takes such posts out "
    "of every layer, with a receipt. Warns where that is switched off, or a capture cannot be taken apart."
)


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


def carry_out_told(data_dir: DataDir, log: Log) -> bool | None:
    """Take out of captures and warehouse what captures of this run say was deleted. The caller holds the lock.

    Nothing is read but the warehouse, unless captures hold such posts that no earlier run looked at.

    Returns:
        None when there was nothing to do; else whether anything is left that marts could be built from.
    """
    ledger = Ledger(data_dir)
    targets = delivered_deletions(data_dir) if ledger.removes_told_deletions() else []
    if not targets:
        return None
    if begun := Journal.read(data_dir):
        log(f"{_told(targets)} told as deleted while {begun.receipt_id} is under way: the next run takes them out")
        return None
    looked_at = _digest(targets, ledger)
    if ledger.settings().get("told_deletions_refused") == looked_at:
        return None
    log(f"{_told(targets)} told as deleted, which captures hold: taking that out of every layer")
    policy = ledger.settings().get("counts_of_deleted_posts", DROP)
    with forget.planned(data_dir, targets, log=log) as plan:
        if plan.refused:
            # not looked at again until there are other deletions, other captures, or another version of this
            ledger.change_settings(told_deletions_refused=looked_at)
            log("nothing was taken out: " + " ".join(one.refusal or "" for one in plan.refused))
            return None
        begun = forget.begin(
            data_dir,
            plan,
            kind=journal.DELETION,
            reason="captures tell that these posts and accounts were deleted",
            request=forget.TOLD_REQUEST,
            counts=policy,
        )
    return forget.clear(data_dir, begun)


def told_outcome(data_dir: DataDir) -> dict[str, Any]:
    """What is still held of posts that captures tell as deleted, as an outcome of the publish gate."""
    ledger = Ledger(data_dir)
    targets = delivered_deletions(data_dir)
    count = len(targets)
    if ledger.removes_told_deletions():
        next_step = "`suara forget` says why they cannot be taken out; with --remove-whole their captures go whole."
    else:
        next_step = "They are in no mart. `suara retention --told-deletions remove` lets the next run take them out."
    is_made_up = ledger.is_made_up()
    return {
        "gate": "publish",
        "check_name": CARRIED_OUT,
        "asset": "social_bi",
        "capture_id": None,
        "severity": WARNING,
        "dimension": "integrity",
        "passed": not count or is_made_up,
        "observed": _counted(targets) + (", all of them made up" if count and is_made_up else ""),
        "expected": "no stored post that a capture says was deleted, and none of an account that is gone",
        "failing_count": 0 if is_made_up else count,
        "failing_sample": "[]",
        "why": CARRIED_OUT_TEXT,
        "next_step": next_step,
    }


def _told(targets: list[Target]) -> str:
    return f"{_counted(targets)} {'is' if len(targets) == 1 else 'are'}"


def _counted(targets: list[Target]) -> str:
    """How many posts, accounts and places, in words; of the last two only where there are any."""
    kinds = Counter("place" if one.action == SCRUB_GEO else one.kind for one in targets)
    words = ("post", "account", "place")
    told = [f"{n:,} {kind}{'' if n == 1 else 's'}" for kind in words if (n := kinds[kind])]
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:]))) or "0 posts"


def _digest(targets: list[Target], ledger: Ledger) -> str:
    """A fingerprint of deletions, of what is stored, and of what takes it apart: the same of all has the same end."""
    lines = [one.value for one in targets] + [one.stored_sha256 or one.capture_id for one in ledger.captures()]
    for room in ("deletion", "connectors"):  # a later version may take apart what this one refuses
        lines += [digest_of(path) for path in sorted((PROJECT_ROOT / "orchestration" / room).glob("*.py"))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def close(data_dir: DataDir, release_id: str, log: Log) -> dict[str, Any] | None:
    """After a release: remove what is older, search, write the receipt. Nothing when no deletion was begun."""
    begun = Journal.read(data_dir)
    if begun is None or journal.CLEARED not in begun.steps:
        return None
    begun.did(data_dir, f"{PUBLISHED} {release_id}")
    receipt = forget.finish(data_dir, begun, release=release_id)
    waiting = ", ".join(receipt["waiting_in_inbox"])
    traces = f"no trace found but in {waiting}, which the next run rewrites" if waiting else "no trace found"
    if named := ", ".join(receipt["still_named"]):
        traces += f"; records that no reader loads were not searched by post in {named}, which names what is gone: look"
    log(f"receipt {receipt['receipt_id']}: {receipt['records_removed']:,} records removed, {traces}")
    return receipt


def give_up(data_dir: DataDir) -> dict[str, Any] | None:
    """After a run that published nothing: what was published holds what has to go, so it is withdrawn."""
    begun = Journal.read(data_dir)
    if begun is None:
        return None
    if any(step.startswith(PUBLISHED) for step in begun.steps):
        raise SuaraError(f"The deletion {begun.receipt_id} is not finished; see the errors above.")
    return forget.finish(data_dir, begun, release=None)
