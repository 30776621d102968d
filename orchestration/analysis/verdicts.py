"""What may be said of a claim, in words of two languages.

Belongs here: the rules from numbers to a verdict, the reasons why there is none, the sentence.
Does not belong here: numbers.

The Indonesian sentences were written by somebody who is no native speaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

SUPPORTED = "supported"
CONSISTENT = "consistent_not_proven"
NOT_SUPPORTED = "not_supported"
CONTRADICTED = "contradicted"
COINCIDES = "coincides_descriptively"
NOT_TESTABLE = "not_testable"
VERDICTS = (SUPPORTED, CONSISTENT, NOT_SUPPORTED, CONTRADICTED, COINCIDES, NOT_TESTABLE)

# 5! × 2 = 240 orders of 6 years: rho must reach 0.89 by luck of one year; with 7 it is 0.79 (exact tables).
LEAST_YEARS = 7
# A claim whose readings point to different sides in more than a fifth of them is fragile.
MOST_FLIPPED = 0.2

# The timeline of X gives the newest 3,200 posts; tools stop somewhat before (3,013 to 3,238 are on record).
CAPPED_FROM, CAPPED_TO = 3_000, 3_250
# Other limits are round: pages and limits of tools. One count in a hundred is a multiple of 100 by chance.
ROUND, LEAST_ROUND = 100, 100
# A window that begins within this time of the first captured post begins at the edge of the capture.
EDGE = timedelta(days=31)
# An account that was created this long before its first captured post may have posted in between.
SILENT = timedelta(days=92)
# Counts of X hold posts that are withheld or gone since: with so much of them, nothing was cut.
NEARLY_ALL = 0.95

_NAMES = {
    SUPPORTED: ("Supported", "Didukung"),
    CONSISTENT: ("Consistent, not proven", "Sejalan, belum terbukti"),
    NOT_SUPPORTED: ("Not supported", "Tidak didukung"),
    CONTRADICTED: ("Contradicted", "Dibantah"),
    COINCIDES: ("Coincides, no more than that", "Bersamaan, tidak lebih dari itu"),
    NOT_TESTABLE: ("Not testable", "Tidak dapat diuji"),
}
_MEANING = {
    SUPPORTED: (
        "the whole interval lies above {null}",
        "seluruh selang berada di atas {null}",
    ),
    CONSISTENT: (
        "the estimate lies above {null}, but the interval reaches down to it",
        "taksiran berada di atas {null}, tetapi selangnya mencapai nilai itu",
    ),
    NOT_SUPPORTED: (
        "the estimate does not exceed {null}",
        "taksiran tidak melebihi {null}",
    ),
    CONTRADICTED: (
        "the whole interval lies below {null}",
        "seluruh selang berada di bawah {null}",
    ),
    COINCIDES: (
        "both series rise and fall in the same years; any two series with a trend do, and their changes do not agree",
        "kedua deret naik dan turun pada tahun yang sama; dua deret bertren selalu begitu, "
        "dan perubahannya tidak sejalan",
    ),
}

# The interval lies above, too, and something else stands against it.
_DOUBTED = ("the interval lies above {null}, but", "selang berada di atas {null}, tetapi")
# Of what was counted, and has no interval.
_COUNTED = {
    SUPPORTED: ("counted, {null} or more were claimed", "dihitung, yang dinyatakan {null} atau lebih"),
    CONSISTENT: ("counted, {null} or more were claimed", "dihitung, yang dinyatakan {null} atau lebih"),
    NOT_SUPPORTED: ("counted, {null} or more were claimed", "dihitung, yang dinyatakan {null} atau lebih"),
}


@dataclass(frozen=True)
class Span:
    """What one accepted capture covers of the account.

    Attributes:
        record_count: Posts of the account in it, reposts included.
        is_census: An archive of the account itself: it has no cap.
        is_complete: Whether it is complete between its first and last day (a search is not).
    """

    first: date | None
    record_count: int
    is_census: bool
    is_complete: bool = True


@dataclass(frozen=True)
class Reason:
    """Why something cannot be said, in both languages; `code` is a stable word for it."""

    code: str
    en: str
    id: str


def by_interval(estimate: float, low: float | None, high: float | None, threshold: float) -> str:
    """The verdict of an estimate that should exceed a threshold; without an interval it is a count, and a fact."""
    if low is None or high is None:
        return SUPPORTED if estimate >= threshold else NOT_SUPPORTED
    if low > threshold:
        return SUPPORTED
    if high < threshold:
        return CONTRADICTED
    return CONSISTENT if estimate > threshold else NOT_SUPPORTED


def of_coincidence(
    rho: float, p_value: float, high: float, threshold: float, changes: tuple[float | None, float | None]
) -> str:
    """The verdict on two series: `supported` only where their changes from year to year agree, too.

    Args:
        changes: Rank correlation of the differenced series and its p.
    """
    if high < threshold:
        return CONTRADICTED
    if rho <= threshold:
        return NOT_SUPPORTED
    rho_changes, p_changes = changes
    agree = rho_changes is not None and p_changes is not None and rho_changes > 0 and p_changes < 0.05
    return SUPPORTED if agree and p_value < 0.05 else COINCIDES


def cap(spans: Sequence[Span], created: date | None, total: int, stated: int | None = None) -> Reason | None:
    """Whether the posts begin where a capture was cut, not where the account began; None when nothing says so.

    Looks at the captures that reach furthest back: an archive of the account is never cut.

    Args:
        created: Day on which the account was created, where a capture states it.
        total: Posts of the account, reposts included, over all captures.
        stated: Posts that the platform counts of the account, where a capture states it.

    The macro `suspected_cap` says the same beside every trend.
    """
    complete = [span for span in spans if span.is_complete and span.first]
    if not complete:
        return None
    start = min(span.first for span in complete if span.first)
    edge = [span for span in complete if span.first == start]
    if any(span.is_census for span in edge):
        return None
    if created is not None and start <= created + SILENT:
        return None
    if stated and total >= NEARLY_ALL * stated:
        return None
    counts = {span.record_count for span in edge} | {total}
    near = sorted(n for n in counts if CAPPED_FROM <= n <= CAPPED_TO)
    round_ones = sorted(n for n in counts if n >= LEAST_ROUND and n % ROUND == 0)
    cut = f"it begins on {start}, " + ("within a month" if start.day > 1 else "on the first of a month")
    cut_id = f"awalnya {start}"
    if near:
        return Reason(
            "capped",
            f"the capture holds {near[0]:,} posts, about the 3,200 at which X ends a timeline ({cut})",
            f"tangkapan berisi {_in_indonesian(f'{near[0]:,}')} unggahan, "
            f"sekitar batas 3.200 unggahan linimasa X ({cut_id})",
        )
    if round_ones:
        return Reason(
            "capped",
            f"the capture holds {round_ones[0]:,} posts, a round number at which tools stop ({cut})",
            f"tangkapan berisi {_in_indonesian(f'{round_ones[0]:,}')} unggahan, "
            f"angka bulat tempat alat berhenti ({cut_id})",
        )
    if stated:
        return Reason(
            "capped",
            f"the captures hold {total:,} posts of the {stated:,} that the platform counts ({cut})",
            f"tangkapan memuat {_in_indonesian(f'{total:,}')} dari {_in_indonesian(f'{stated:,}')} unggahan "
            f"yang dihitung platform ({cut_id})",
        )
    if created is not None:
        return Reason(
            "begins_late",
            f"the account was created on {created}, and its first captured post is of {start}: "
            "what lies between is unknown",
            f"akun dibuat pada {created}, dan unggahan pertama yang tertangkap bertanggal {start}: "
            "yang di antaranya tidak diketahui",
        )
    return None


def name(verdict: str) -> str:
    """The verdict for a reader."""
    return _NAMES[verdict][0]


def sentence(
    verdict: str,
    shown: str,
    null: str,
    reason: Reason | None = None,
    doubts: Sequence[Reason] = (),
    *,
    is_count: bool = False,
    doubted: bool = False,
) -> tuple[str, str]:
    """The verdict as a sentence in English and Indonesian.

    Args:
        shown: Estimate and interval, as text.
        null: The threshold, as text.
        reason: Why it is not testable.
        doubts: What lowered the verdict.
        is_count: Whether the estimate was counted, and has no interval.
        doubted: Whether only the doubts keep it from being supported.
    """
    texts = []
    for position in (0, 1):
        parts = [_NAMES[verdict][position]]
        if verdict == NOT_TESTABLE:
            words = (reason.en, reason.id)[position] if reason else ""
            texts.append(f"{parts[0]}: {words}.")
            continue
        meaning = (_COUNTED if is_count else _MEANING)[verdict][position]
        if verdict == CONSISTENT and doubted:
            meaning = _DOUBTED[position]
        meaning = meaning.format(null=(null, _in_indonesian(null))[position])
        said = "; ".join((doubt.en, doubt.id)[position] for doubt in doubts)
        joint = " " if meaning.endswith((" but", " tetapi")) else "; "
        found = (shown, _in_indonesian(shown))[position]
        texts.append(f"{parts[0]}: {found}; {meaning}{joint + said if said else ''}.")
    return texts[0], texts[1]


def _in_indonesian(numbers: str) -> str:
    """`0.87 (0.79 to 1,200)` as `0,87 (0,79 sampai 1.200)`."""
    return numbers.translate(str.maketrans(",.", ".,")).replace(" to ", " sampai ")
