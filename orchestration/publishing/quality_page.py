"""The quality page: every gate and check, what it said about this data and before, and why its line is where it is.

Belongs here: laying out the check outcomes of the published file beside the words of the catalog.
Does not belong here: deciding, and the words themselves (the catalog, the thresholds, dbt's tests).

Failing examples are places and ids, as the outcomes hold them; no text and no handle is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from expectations.catalog import CATALOG, GATES
from expectations.thresholds import THRESHOLDS
from orchestration.publishing.pages import write_page
from orchestration.publishing.queries import CAPTURE_NAMES
from orchestration.publishing.texts import (
    DIMENSIONS,
    IN_TEMPLATES,
    SEVERITIES,
    Text,
    counted,
    say,
    words,
    written,
)

# Evaluations shown in the history of a check, the newest last.
HISTORY = 12
# Examples per capture: enough to find the pattern; `quality.fct_check_outcomes` has what was kept.
EXAMPLES = 5

GATE_QUESTIONS = {
    "raw": say("Was every delivered record read, and are the ids intact?"),
    "staging": say("Are the posts what the contract says, and are their times true?"),
    "marts": say("Do the tables agree with each other and with what was loaded?"),
    "quality": say("Do the tables about quality, and the reports, agree with the marts?"),
    "publish": say("Is what readers get whole, audited and the same as the warehouse?"),
}
# What checks of captures are about.
CAPTURES = "captures"
# From good to bad.
STATES = words("passed", "warned", "failed")
# They judge tables and a file that hold these outcomes already: what they said of this release is not in it.
JUDGED_LATER = ("quality", "publish")

_OUTCOMES = f"""
with

{CAPTURE_NAMES},

evaluations as (
    select gate, run_id, max(checked_at) as checked_at
    from quality.fct_check_outcomes
    group by gate, run_id
),

ranked as (
    select *, row_number() over (partition by gate order by checked_at desc, run_id) as age
    from evaluations
)

select
    gate,
    run_id,
    ranked.checked_at,
    age,
    check_name,
    asset,
    severity,
    dimension,
    case when passed then 'passed' when severity = 'critical' then 'failed' else 'warned' end as state,
    capture,
    expected,
    observed,
    failing_count,
    failing_sample,
    why,
    next_step
from quality.fct_check_outcomes as outcomes
inner join ranked using (gate, run_id)
left join capture_names using (capture_id)
where age <= {HISTORY}
order by gate, check_name, asset, age, capture
"""


@dataclass(frozen=True)
class Failure:
    """One outcome that did not pass."""

    where: str
    expected: str
    observed: str
    examples: list[str]
    more: int


@dataclass(frozen=True)
class CheckOnPage:
    """One check of a gate: what it is, what it says now, what it said before."""

    name: str
    subject: Text
    severity: Text
    dimension: Text
    state: str
    evaluated: int
    why: str
    next_step: str
    thresholds: list[tuple[str, str, str]]
    failures: list[Failure]
    history: list[tuple[str, str, str]]
    is_dbt: bool

    @property
    def told(self) -> Text:
        """The history in words."""
        passed = sum(state == "passed" for state, _, _ in self.history)
        return say(
            "passed in {n} of {evaluations}",
            n=passed,
            evaluations=counted(len(self.history), "{n} evaluation", "{n} evaluations"),
        )


def write_quality_page(published_file: Path, target: Path) -> int:
    """Write the page from a published file; returns the number of checks on it. The same file gives the same bytes."""
    with duckdb.connect(str(published_file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        cursor = con.execute(_OUTCOMES)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        release_id, run_id, is_synthetic = con.execute(
            "select release_id, run_id, is_synthetic from quality.release"
        ).fetchall()[0]
    gates = [(gate, GATE_QUESTIONS[gate], _checks(gate, rows)) for gate in GATE_QUESTIONS]
    assert set(GATES) <= set(GATE_QUESTIONS)
    everything = [check for gate, _, checks in gates if gate not in JUDGED_LATER for check in checks]
    write_page(
        "quality.html.j2",
        target,
        gates=[(g, q, checks, _count(checks)) for g, q, checks in gates if checks],
        judged_later=JUDGED_LATER,
        attention=[check for check in everything if check.state != "passed"],
        counts=_count(everything),
        release_id=release_id,
        run_id=run_id,
        is_synthetic=is_synthetic,
        states=STATES,
        file_name=published_file.name,
        **IN_TEMPLATES,
    )
    return sum(len(checks) for _, _, checks in gates)


def _checks(gate: str, rows: Sequence[dict[str, Any]]) -> list[CheckOnPage]:
    """The checks of one gate: those that need attention first, then the catalog's, then dbt's tests."""
    catalog = {check.name: check for check in CATALOG if check.gate == gate}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["gate"] == gate:
            # a check of captures speaks once, whatever the sources of the captures
            known = catalog.get(row["check_name"])
            subject = CAPTURES if known and known.grain == "capture" else row["asset"]
            groups.setdefault((row["check_name"], subject), []).append(row)
    found = [
        _check(name, subject, said, catalog.get(name))
        for (name, subject), said in groups.items()
        if any(row["age"] == 1 for row in said)  # the others are not asked any more
    ]
    return sorted(found, key=lambda c: (-list(STATES).index(c.state), c.is_dbt, c.name, c.subject.en))


def _check(name: str, subject: str, said: list[dict[str, Any]], known: Any) -> CheckOnPage:
    now = [row for row in said if row["age"] == 1]
    history = []
    for age in sorted({row["age"] for row in said}, reverse=True):
        then = [row for row in said if row["age"] == age]
        history.append((_worst(row["state"] for row in then), _moment(then[0]["checked_at"]), then[0]["run_id"][:8]))
    limits = [THRESHOLDS[limit] for limit in (known.thresholds if known else ())]
    return CheckOnPage(
        name=name,
        subject=say("captures") if subject == CAPTURES else written(subject),
        severity=SEVERITIES[now[0]["severity"]],
        dimension=DIMENSIONS.get(now[0]["dimension"], Text("", "")),
        state=_worst(row["state"] for row in now),
        evaluated=len(now),
        why=known.why if known else now[0]["why"] or "",
        next_step=known.next_step if known else now[0]["next_step"] or "",
        thresholds=[
            (limit.name, f"{limit.value} {limit.unit}", f"{limit.reason} Measured {limit.measured_on}.")
            for limit in limits
        ],
        failures=[_failure(row, subject) for row in now if row["state"] != "passed"],
        history=history,
        is_dbt=known is None,
    )


def _failure(row: dict[str, Any], subject: str) -> Failure:
    sample = [str(key) for key in json.loads(row["failing_sample"] or "[]")][:EXAMPLES]
    return Failure(
        where=row["capture"] or subject,
        expected=row["expected"] or "",
        observed=row["observed"] or "",
        examples=sample,
        more=max((row["failing_count"] or 0) - len(sample), 0),
    )


def _worst(states: Iterable[str]) -> str:
    return max(states, key=list(STATES).index)


def _count(checks: Sequence[CheckOnPage]) -> dict[str, int]:
    return {state: sum(check.state == state for check in checks) for state in STATES}


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M}"
