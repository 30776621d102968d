"""How long captures may be kept, and what happens on the day after.

Belongs here: purpose, legal basis and last day of a capture, which ones are due, the warning before.
Does not belong here: removing them (`forget`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from orchestration.contract import InputError
from orchestration.warehouse.ledger import CaptureEntry, Ledger

# Whoever is responsible has a month to decide: time for a meeting, too short to be forgotten again.
WARNED_DAYS = 30
RETENTION = "retention_dates_are_kept"
RETENTION_TEXT = (
    f"No capture comes to the last day on which it may be kept within {WARNED_DAYS} days. After that day the next run "
    "removes it from every layer, with a receipt."
)


@dataclass(frozen=True)
class Due:
    """A capture that comes to the end of its time."""

    entry: CaptureEntry
    until: date
    days_left: int

    @property
    def is_over(self) -> bool:
        return self.days_left < 0

    @property
    def text(self) -> str:
        name = f"{self.entry.file_name} ({self.entry.capture_id[:12]})"
        return f"{name} may be kept until {self.until}: {self.days_left} days left"


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def due(ledger: Ledger, day: date | None = None) -> list[Due]:
    """Captures whose time is over, or ends within the warning, the earliest first."""
    now = day or today()
    found = []
    for entry in ledger.captures():
        if entry.retain_until:
            until = date.fromisoformat(entry.retain_until)
            if (left := (until - now).days) <= WARNED_DAYS:
                found.append(Due(entry, until, left))
    return sorted(found, key=lambda one: (one.until, one.entry.capture_id))


def set_retention(
    ledger: Ledger, entry: CaptureEntry, *, purpose: str | None, legal_basis: str | None, until: str | None
) -> CaptureEntry:
    """Write down why a capture may be kept and how long; what is not given stays as it is, an empty text takes it back.

    Raises:
        InputError: `until` is no day, or one that is over.
    """
    if until:
        try:
            day = date.fromisoformat(until)
        except ValueError as error:
            raise InputError(
                file="--until",
                expected="a day such as 2027-12-31",
                found=repr(until)[:40],
                next_step="Write year, month and day.",
                code="bad_date",
            ) from error
        if day < today():
            raise InputError(
                file="--until",
                expected="today or a later day",
                found=f"{day}, after which the next run would remove {entry.file_name}",
                next_step="`suara purge --capture` removes a capture now.",
                code="bad_date",
            )
        until = day.isoformat()
    entry.purpose = (purpose or None) if purpose is not None else entry.purpose
    entry.legal_basis = (legal_basis or None) if legal_basis is not None else entry.legal_basis
    entry.retain_until = (until or None) if until is not None else entry.retain_until
    ledger.write_capture(entry)
    return entry
