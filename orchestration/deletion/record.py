"""The record of processing: what is held, why, on what basis, how long, who gets it. Made from the folder as it is.

Belongs here: the tables of that record. Does not belong here: advice (docs/explanation/data-protection.md).
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from orchestration.contract import DataDir
from orchestration.deletion import DROP
from orchestration.deletion.sharing import ID_DAYS, MOST_HYDRATED, MOST_IDS, handed_out
from orchestration.warehouse.candidate import KEPT_REJECTED
from orchestration.warehouse.ledger import Ledger

_UNSAID = "nobody has said"

# Every place below the data folder: what it holds of persons, why, how long.
PLACES = (
    ("inbox/", "files that were dropped and not taken in yet, whole", "to be taken in", "until the next run"),
    ("captures/", "exports as delivered, without what was deleted", "what every number rests on", "its retention date"),
    ("warehouse.duckdb", "records, texts, words, codes", "to build the marts", "rebuilt by each run"),
    (
        "published/",
        "marts, reports, quality: the file for readers, Parquet, pages",
        "to be read",
        "the newest releases (`suara releases --keep`)",
    ),
    (
        "rejected/",
        "copies of the warehouse that a gate refused",
        "evidence of a failure",
        f"the newest {KEPT_REJECTED}",
    ),
    ("candidates/, scratch/", "copies under work", "a run in progress", "until the next run"),
    ("deletion/", "texts that have to go, while they are searched for", "to finish a deletion", "until its receipt"),
    ("coding/", "names of coders, codes by key of post; no text", "to judge the codebook", "until it is removed"),
    ("ledger/", "names of files, decisions, outcomes, ids of deleted posts; no text", "accountability", "kept"),
    ("receipts/", "what was removed, when, why; no content", "accountability", "kept"),
    ("dagster_home/, dbt_target/", "history and logs of runs; no text", "to look at a failure", "until it is removed"),
    ("accounts.csv", "accounts that were registered, by name", "who may be shown", "until it is removed"),
    ("keys/", "the key behind the pseudonyms", "to make them", "until it is rotated"),
    ("indicators/, demo/, warehouse.lock", "nothing: official figures, made-up posts, a process id", "runs", "-"),
)


def record_of_processing(data_dir: DataDir) -> str:
    """The record as Markdown: captures, places, recipients, deletions."""
    ledger = Ledger(data_dir)
    captures = [
        (
            entry.file_name,
            entry.capture_id[:12],
            entry.source or "-",
            entry.status,
            f"{entry.counts.get('loaded', 0):,}",
            entry.purpose or _UNSAID,
            entry.legal_basis or _UNSAID,
            entry.retain_until or _UNSAID,
        )
        for entry in ledger.captures()
    ]
    places = [(name, what, why, how_long, _mode(data_dir.root, name)) for name, what, why, how_long in PLACES]
    exports = [(one.at, one.recipient, one.kind, f"{one.count:,}", one.selection) for one in handed_out(data_dir)]
    settings = ledger.settings()
    stays_deleted = sum(row["kind"] in ("post", "account") for row in ledger.tombstones())
    receipts = sorted(data_dir.receipts.glob("*.json")) if data_dir.receipts.is_dir() else []
    return "\n".join(
        [
            "# Record of processing",
            "",
            "## Captures",
            "",
            *_table(
                ("file", "id", "source", "status", "records", "purpose", "legal basis", "kept until"),
                captures,
            ),
            "",
            "## Places",
            "",
            *_table(("place", "what it holds of persons", "why", "how long", "who may read"), places),
            "",
            "## Recipients",
            "",
            f"Ids only, at most {MOST_IDS:,} of X in {ID_DAYS} days for one recipient; whole posts on request, at most "
            f"{MOST_HYDRATED} a day.",
            "",
            *_table(("when", "recipient", "kind", "posts", "of"), exports),
            "",
            "## Deletions",
            "",
            f"{stays_deleted:,} posts and accounts stay deleted; {len(receipts):,} receipts. "
            f"Counts of deleted posts: {settings.get('counts_of_deleted_posts', DROP)}.",
            "",
        ]
    )


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(header)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    found = [f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in row)} |" for row in rows]
    return [*lines, *(found or [f"| none {'| ' * (len(names) - 1)}|"])]


def _mode(root: Path, names: str) -> str:
    paths = [path for name in names.split(", ") if (path := root / name.rstrip("/")).exists()]
    if not paths:
        return "not there"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in paths]
    readers = [who for who, bit in (("group", 0o040), ("everybody", 0o004)) if any(mode & bit for mode in modes)]
    return ", ".join(["owner", *readers])
