"""What a run says at its end, on the terminal: plain text, 100 columns.

Belongs here: laying out what the ledger and the published file already know.
Does not belong here: counting anything that is not in them, and deciding.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb

from orchestration.contract import DataDir
from orchestration.publishing.pages import CAP_NAMES, day, number
from orchestration.publishing.published_file import DICTIONARY_NAME, PARQUET_NAME, QUALITY_NAME, REPORT_NAME
from orchestration.publishing.queries import QUERIES

WIDTH = 100
# Enough to act on; `suara status` and the report show the rest.
MOST_CHECKS = 8
MOST_CAPTURES = 20
MOST_ACCOUNTS = 10

# Of one account that reports do not tell apart. On the terminal of whoever has the file, a name of a file is no secret.
PRIVATE_CAPTURES = """
select capture_id from quality.fct_capture_outcomes where is_of_one_private_account order by capture_id
"""

# Owners of captures and the study's account; who is not registered has a pseudonym here, too.
COVERAGE = """
select
    coalesce(any_value(organisation_name) || ', ', '') || '@' || coalesce(any_value(handle), '?') as account,
    min(posted_month) as first_month,
    max(posted_month) as last_month,
    count(distinct posted_month) filter (where coverage_status = 'observed') as observed,
    count(distinct posted_month) filter (where coverage_status = 'partial') as partial,
    count(distinct posted_month) filter (where coverage_status = 'missing') as missing,
    count(distinct posted_month) filter (where coverage_status = 'sample') as sample,
    max(suspected_cap) as suspected_cap,
    any_value(is_registered) as is_registered
from marts.fct_post_volume
inner join marts.dim_accounts using (account_key)
where is_focal or is_capture_owner
group by account_key
order by any_value(dim_accounts.post_count) desc, account
"""


class Capture(Protocol):
    """What the summary needs to know of a capture."""

    capture_id: str
    file_name: str
    source: str | None
    status: str
    reason: str | None
    counts: Mapping[str, int]


def summarise(
    paths: DataDir,
    *,
    outcomes: Iterable[Mapping[str, Any]],
    captures: Sequence[Capture],
    release: Mapping[str, Any] | None,
) -> str:
    """The summary of a run.

    Args:
        paths: The data folder.
        outcomes: What the checks of the run said, as rows of `raw.check_outcomes`.
        captures: Every capture of the ledger.
        release: The newest entry of the ledger's releases, or None when nothing was ever published.
    """
    lines = ["", *_captures(captures)]
    names = {c.capture_id: c.file_name for c in captures}
    published = _read(paths)
    if published:
        private = [names.get(row["capture_id"], row["capture_id"][:12]) for row in published["private_captures"]]
        lines += _posts(published) + _coverage(published) + _private(private)
    lines += _gates(list(outcomes), names)
    lines += _places(paths, release, published)
    if published and published["release"]["is_synthetic"]:
        banner = "SYNTHETIC DATA: at least one accepted capture is made up; no number here is about anybody."
        lines = ["", banner, *lines]
    return "\n".join(lines).rstrip() + "\n"


def _read(paths: DataDir) -> dict[str, Any] | None:
    if not paths.published_file.exists():
        return None
    with duckdb.connect(str(paths.published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        rows = {}
        queries = {name: QUERIES[name] for name in ("release", "release_tables")}
        for name, sql in {**queries, "coverage": COVERAGE, "private_captures": PRIVATE_CAPTURES}.items():
            cursor = con.execute(sql)
            names = [column[0] for column in cursor.description]
            rows[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {**rows, "release": rows["release"][0]}


def _captures(captures: Sequence[Capture]) -> list[str]:
    if not captures:
        return ["Captures  none yet: `suara run FILES…` loads some."]
    lines = [f"{'Captures':<38}{'source':<18}{'status':<13}{'delivered':>10}{'loaded':>10}{'rejected':>10}"]
    for capture in captures[:MOST_CAPTURES]:
        counts = [number(capture.counts.get(name)) for name in ("delivered", "loaded", "rejected")]
        lines.append(
            f"  {_short(capture.file_name, 34):<36}{_short(capture.source or '?', 17):<18}{capture.status:<13}"
            + "".join(f"{count:>10}" for count in counts)
        )
        if capture.status != "accepted" and capture.reason:
            lines += _wrapped(capture.reason, indent=6, most=2)
    if len(captures) > MOST_CAPTURES:
        lines.append(f"  … and {len(captures) - MOST_CAPTURES} more: `suara captures` lists them.")
    return lines


def _posts(published: Mapping[str, Any]) -> list[str]:
    release = published["release"]
    window = f", {day(release['data_from'])} to {day(release['data_to'])}" if release["data_from"] else ""
    lines = ["", f"Posts     {number(release['post_count'])}{window} (UTC)", ""]
    facts = [
        f"{row['table_name']:<26}{number(row['row_count']):>12}"
        for row in published["release_tables"]
        if row["schema_name"] == "marts" and row["table_name"].startswith("fct_")
    ]
    lines.append("Rows of the facts")
    for left in range(0, len(facts), 2):
        lines.append("  " + "      ".join(facts[left : left + 2]))
    return lines


def _coverage(published: Mapping[str, Any]) -> list[str]:
    rows = published["coverage"]
    lines = ["", f"Coverage  (months of the time zone {published['release']['reporting_timezone'] or 'UTC'})"]
    for row in rows[:MOST_ACCOUNTS]:
        told = ", ".join(
            f"{row[status]} {status}" for status in ("observed", "partial", "missing", "sample") if row[status]
        )
        lines.append(f"  {_short(row['account'], WIDTH - 2)}")
        lines.append(f"      {row['first_month']:%Y-%m} to {row['last_month']:%Y-%m}: {told}")
        if row["suspected_cap"]:
            lines += _wrapped(
                f"The first months may be what a cut left: {CAP_NAMES[row['suspected_cap']]}.", indent=6, most=2
            )
        if not row["is_registered"]:
            lines += _wrapped(
                "Not registered: no name, text, theme or word of it is shown. Of an organisation: "
                "`suara accounts register @HANDLE --kind KIND`, then run again.",
                indent=6,
                most=2,
            )
    if len(rows) > MOST_ACCOUNTS:
        lines.append(f"  … and {len(rows) - MOST_ACCOUNTS} more accounts: see the report.")
    return lines


def _private(names: Sequence[str]) -> list[str]:
    """What to do where a capture is of one account of which nothing is shown."""
    if not names:
        return []
    return [
        *_wrapped(f"Of one account that is not registered: {', '.join(names)}", indent=2, most=3),
        *_wrapped(
            "Nothing shows that its owner handed this over: it is counted with all others, and has no rows of its own. "
            "Of an organisation: `suara accounts register @HANDLE --kind KIND`, then run again.",
            indent=6,
            most=3,
        ),
    ]


def _gates(outcomes: list[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    passed = [o for o in outcomes if o["passed"]]
    failed = [o for o in outcomes if not o["passed"] and o["severity"] == "critical"]
    warned = [o for o in outcomes if not o["passed"] and o["severity"] != "critical"]
    if not outcomes:
        return ["", "Gates     no outcome of this run"]
    lines = [
        "",
        f"Gates     {number(len(passed))} checks passed, {number(len(warned))} warned, {number(len(failed))} failed",
    ]
    shown = (failed + warned)[:MOST_CHECKS]
    for outcome in shown:
        word = "FAILED" if outcome["severity"] == "critical" else "warned"
        where = names.get(outcome["capture_id"] or "", outcome["asset"])
        lines.append(_short(f"  {word}  {outcome['gate']}: {outcome['check_name']}  ({where})", WIDTH))
        found = f"expected {outcome['expected']}; found {outcome['observed']}."
        lines += _wrapped(f"{found[:1].upper()}{found[1:]} {outcome['next_step'] or ''}", indent=10, most=3)
    left = len(failed) + len(warned) - len(shown)
    if left:
        lines.append(f"  … and {left} more: `suara status` and the report show them.")
    return lines


def _places(paths: DataDir, release: Mapping[str, Any] | None, published: Mapping[str, Any] | None) -> list[str]:
    if not published:
        return ["", "Published nothing yet."]
    run = release["run_id"] if release else published["release"]["run_id"]
    return [
        "",
        f"Published release {published['release']['release_id'][:12]} of run {run}",
        f"  for BI        {_near(paths.published_file)}  (open read-only)",
        f"  Parquet       {_near(paths.published / PARQUET_NAME)}",
        f"  dictionary    {_near(paths.published / DICTIONARY_NAME)}",
        f"  study report  {_near(paths.published / REPORT_NAME)}",
        f"  data quality  {_near(paths.published / QUALITY_NAME)}",
    ]


def _near(path: Path) -> Path:
    """A path as short as it can be said from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _wrapped(text: str, *, indent: int, most: int) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=pad,
        subsequent_indent=pad,
        max_lines=most,
        placeholder=" …",
        break_long_words=True,
    )
