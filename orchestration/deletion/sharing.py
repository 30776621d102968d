"""What is handed to third parties: ids of posts; texts only when asked for by name, counted and capped.

Belongs here: the sets of posts that are handed out, the limits of X, the ledger of what was handed out.
Does not belong here: the files of networks (`networks.files`), and who may have the published file.

X (its developer policy as of 2026-08-22): third parties get ids only, at most 1,500,000 per entity in 30 days; of whole
posts at most 500 a user and day, by hand. (One page of its documentation still says 50,000; the lower one is kept.)
Other platforms have no such limit; the one of whole posts is kept for all of them.
"""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contract import DataDir, SuaraError, locked, replacing
from orchestration.deletion.journal import refuse_while_begun
from orchestration.text.corpus import Selection
from orchestration.warehouse.ledger import write_json

MOST_IDS, ID_DAYS = 1_500_000, 30
MOST_HYDRATED = 500
IDS, HYDRATED = "ids", "hydrated"

# The selection is of own posts of registered accounts: nobody else's post is handed out.
_IDS_SQL = """
select posts.platform, posts.post_id
from marts.fct_posts as posts
inner join ({selection}) as selected using (post_key)
where posts.post_id is not null
order by posts.platform, posts.post_id
"""
_HYDRATED_SQL = """
select posts.platform, posts.post_id, posts.handle, cast(posts.posted_at as varchar) as posted_at, posts.text
from marts.fct_posts as posts
inner join ({selection}) as selected using (post_key)
where posts.post_id is not null
order by posts.platform, posts.post_id
"""


@dataclass(frozen=True)
class Handed:
    """One export as the ledger keeps it: to whom, how many, of which posts; no id and no text."""

    at: str
    kind: str
    recipient: str
    count: int
    x_count: int
    selection: str
    file: str


def handed_out(data_dir: DataDir) -> list[Handed]:
    """Every export so far, oldest first."""
    path = _place(data_dir)
    return [Handed(**row) for row in json.loads(path.read_text("utf-8"))] if path.exists() else []


def left(data_dir: DataDir, kind: str, recipient: str, now: datetime | None = None) -> int:
    """How much may still be handed to a recipient: ids of X in thirty days, or whole posts today (UTC).

    What was handed out later than `now` counts: a clock that was set back gives nothing.
    """
    moment = now or datetime.now(UTC)
    name = _named(recipient).casefold()
    mine = [row for row in handed_out(data_dir) if row.kind == kind and _named(row.recipient).casefold() == name]
    if kind == IDS:
        since = moment - timedelta(days=ID_DAYS)
        return MOST_IDS - sum(row.x_count for row in mine if datetime.fromisoformat(row.at) > since)
    return MOST_HYDRATED - sum(row.count for row in mine if datetime.fromisoformat(row.at).date() >= moment.date())


def _named(recipient: str) -> str:
    """A recipient's name as it is seen: letters in one form, single blanks, nothing invisible."""
    seen = (" " if one.isspace() else one for one in unicodedata.normalize("NFKC", recipient))
    return " ".join("".join(one for one in seen if unicodedata.category(one)[0] != "C").split())


def export_posts(
    data_dir: DataDir, target: Path, selection: Selection, recipient: str, *, hydrated: bool = False
) -> Handed:
    """Write a set of posts to `target` for a third party, and count it.

    Args:
        recipient: Who gets it; the limits are counted for each.
        hydrated: With author, time and text, of registered accounts only.

    Returns:
        What the ledger keeps of it.

    Raises:
        SuaraError: There is no such post, it is more than may still be handed out, or a deletion is not finished.
            Nothing was written then.
    """
    recipient = _named(recipient)
    if not recipient:
        raise SuaraError("--for: expected the name of whoever gets it; found none. The limits are counted for each.")
    if not data_dir.warehouse.exists():
        raise SuaraError(f"{data_dir.warehouse}: expected a warehouse; found none. Run `suara run` first.")
    kind = HYDRATED if hydrated else IDS
    refuse_while_begun(data_dir)  # the warehouse may still hold what has to go
    with _locked(data_dir):
        header, rows = _rows(data_dir.warehouse, selection, hydrated)
        if not rows:
            raise SuaraError(
                f"{selection}: expected own posts of registered accounts; found none. Name others with --of; "
                "nothing was written."
            )
        x_count = sum(row[0] == "x" for row in rows)
        asked, may = (len(rows) if hydrated else x_count), left(data_dir, kind, recipient)
        if asked > may:
            what = f"{MOST_HYDRATED} whole posts a day" if hydrated else f"{MOST_IDS:,} ids of X in {ID_DAYS} days"
            raise SuaraError(
                f"{selection}: expected at most {may:,} posts ({what} for one recipient, of which "
                f"{(MOST_HYDRATED if hydrated else MOST_IDS) - may:,} were handed to {recipient} already); found "
                f"{asked:,}. Choose fewer with --of, or wait; nothing was written."
            )
        with replacing(target, mode=0o600) as partial:
            with open(partial, "w", encoding="utf-8", newline="") as handle:
                writer = csv.writer(handle, lineterminator="\n")
                writer.writerow(header)
                writer.writerows(rows)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        handed = Handed(moment, kind, recipient, len(rows), x_count, str(selection), target.name)
        write_json(_place(data_dir), [vars(one) for one in (*handed_out(data_dir), handed)])
    return handed


def _rows(warehouse: Path, selection: Selection, hydrated: bool) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    query, values = selection.sql()
    sql = (_HYDRATED_SQL if hydrated else _IDS_SQL).format(selection=query)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        result = connection.execute(sql, values)
        header = tuple(column[0] for column in result.description or ())
        return header, result.fetchall()


def _place(data_dir: DataDir) -> Path:
    return data_dir.ledger / "exports.json"


@contextmanager
def _locked(data_dir: DataDir) -> Iterator[None]:
    """Two exports at once would each count without the other."""
    data_dir.ledger.mkdir(parents=True, exist_ok=True)
    with locked(data_dir.ledger / "exports.lock"):
        yield
