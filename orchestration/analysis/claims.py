"""Every reading of every claim, computed from the marts of one candidate: one row each, with its verdict.

Belongs here: which rows a reading is about, what must be there before anything is said, what a row holds.
Does not belong here: estimators, the file of claims, where rows are kept.

Nothing here depends on the order of rows, on the session's time zone or on threads: days are those of the marts, rows
are fetched in the order of their keys, and figures are rounded to six digits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import duckdb
import numpy as np

from orchestration.analysis import statements, verdicts
from orchestration.analysis.codes import numbered_together, renumbered
from orchestration.analysis.coincidence import coincide, lagged
from orchestration.analysis.engagement import Lift, lift, merged, within_strata
from orchestration.analysis.regression import NotEstimableError
from orchestration.analysis.statements import Claims, Specification, Statement, Window
from orchestration.analysis.verdicts import Reason, Span
from orchestration.analysis.volume import LEVEL, Ratio, likeliest_step, rate_ratio, welch_ratio

# Covered months on each side of a comparison of volume: with fewer, autocorrelation cannot be told.
LEAST_MONTHS = 6
# Posts with and without a partner. 30 of each give a ratio within a factor of 2 at the spread of likes (variance about
# the square of the mean): less says nothing.
LEAST_POSTS = 30
# Months with posts: errors by cluster are too small with few clusters (Cameron and Miller 2015).
LEAST_CLUSTERS = 12

# Four blocks of half a year: their orders and beginnings are enough to tell 1 in 100.
LEAST_MONTHS_OF_SERIES = 24

COLUMNS = (
    "study",
    "account_key",
    "claims_id",
    "claims_version",
    "claim_id",
    "spec_id",
    "claim_text",
    "claim_text_id",
    "reading",
    "reading_id",
    "is_primary",
    "method",
    "mart",
    "estimand",
    "unit",
    "estimate",
    "ci_low",
    "ci_high",
    "ci_level",
    "null_value",
    "p_value",
    "p_adjusted",
    "observed_value",
    "n",
    "n_groups",
    "effective_n",
    "rho",
    "covariates",
    "exclusions",
    "window_from",
    "window_to",
    "coverage_share",
    "cross_checks",
    "warnings",
    "verdict",
    "reason_code",
    "verdict_text",
    "verdict_text_id",
    "is_fragile",
    "is_primary_changed",
    "seed",
    "library_versions",
    "data_sha256",
    "spec_sha256",
    "claims_sha256",
)


@dataclass(frozen=True)
class Result:
    """What one reading came to; the columns of `reports.rpt_claims` that are not settings."""

    estimand: str = ""
    unit: str = ""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    observed: float | None = None
    n: int | None = None
    groups: int | None = None
    effective_n: float | None = None
    rho: float | None = None
    covariates: str = ""
    exclusions: str = ""
    coverage: float | None = None
    checks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    doubts: tuple[Reason, ...] = ()
    verdict: str = verdicts.NOT_TESTABLE
    reason: Reason | None = None
    data_sha256: str = ""


@dataclass(frozen=True)
class First:
    """The primary reading of a claim when it was first computed."""

    spec_id: str
    sha256: str


def measure(
    connection: duckdb.DuckDBPyConnection,
    claims: Claims,
    *,
    study: str,
    platform: str,
    handle: str,
    first: Mapping[str, First] | None = None,
) -> list[dict[str, Any]]:
    """One row per claim and reading, with the columns `COLUMNS`, in the order of the file.

    Args:
        connection: A warehouse with the schemas marts, intermediate and raw; only read.
        study: Name of the study, for the rows.
        platform: Of the account.
        handle: Of the account, without @; any that it ever had.
        first: Primary readings by claim, as they stood when results were first kept.
    """
    source = _Source(connection, platform, handle)
    rows = []
    for statement in claims.statements:
        results = [(spec, _result(source, spec)) for spec in statement.specifications]
        rows += _rows(statement, results, claims, study, source.account_key, (first or {}).get(statement.id))
    return rows


def primaries(claims: Claims) -> dict[str, First]:
    """The primary reading of each claim."""
    return {
        s.id: First(spec.id, spec.sha256) for s in claims.statements for spec in s.specifications if spec.is_primary
    }


def has_result(rows: Sequence[Mapping[str, Any]], claim_id: str) -> bool:
    """Whether any reading of a claim came to a verdict."""
    return any(row["claim_id"] == claim_id and row["verdict"] != verdicts.NOT_TESTABLE for row in rows)


# Rows ----------------------------------------------------------------------------------------------------------


def _rows(
    statement: Statement,
    results: Sequence[tuple[Specification, Result]],
    claims: Claims,
    study: str,
    account_key: str | None,
    first: First | None,
) -> list[dict[str, Any]]:
    adjusted = _holm([result.p_value for _, result in results])
    fragile = _is_fragile(results)
    primary = next(spec for spec, _ in results if spec.is_primary)
    changed = first is not None and (first.spec_id, first.sha256) != (primary.id, primary.sha256)
    import scipy

    versions = f"numpy {np.__version__}, scipy {scipy.__version__}, duckdb {duckdb.__version__}"
    rows = []
    for (spec, result), p_adjusted in zip(results, adjusted, strict=True):
        warnings = [*result.warnings]
        if fragile:
            warnings.append("fragile: more than a fifth of the readings of this claim point to the other side")
        if changed and spec.is_primary:
            warnings.append("the primary reading was changed after there were results")
        ratio = spec.method in (statements.VOLUME, statements.ENGAGEMENT)
        is_count = spec.method in (statements.RANKING, statements.SHARES)
        en, indonesian = verdicts.sentence(
            result.verdict,
            _shown(spec, result),
            _null(spec),
            result.reason,
            result.doubts,
            is_count=is_count,
            doubted=result.low is not None and result.low > spec.threshold,
        )
        first_day, last_day = min(w.first for w in spec.windows), max(w.last for w in spec.windows)
        values = (
            study,
            account_key or "",
            claims.id,
            claims.version,
            statement.id,
            spec.id,
            statement.text["en"],
            statement.text["id"],
            spec.reading["en"],
            spec.reading["id"],
            spec.is_primary,
            spec.method,
            spec.mart,
            result.estimand,
            result.unit,
            _six(result.estimate),
            _six(result.low),
            _six(result.high),
            LEVEL if result.low is not None else None,
            _six(spec.threshold),
            _p(result.p_value),
            _p(p_adjusted),
            _six(result.observed),
            result.n,
            result.groups,
            _six(result.effective_n),
            _six(result.rho) if ratio else None,
            result.covariates,
            result.exclusions,
            first_day,
            last_day,
            _six(result.coverage),
            "; ".join(result.checks),
            "; ".join(warnings),
            result.verdict,
            result.reason.code if result.reason else None,
            en,
            indonesian,
            fragile,
            changed,
            spec.seed,
            versions,
            result.data_sha256,
            spec.sha256,
            claims.sha256,
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def _holm(values: Sequence[float | None]) -> list[float | None]:
    """p values of one claim, adjusted for how many readings were tried (Holm 1979)."""
    known = sorted((p, i) for i, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, position) in enumerate(known):
        highest = max(highest, min(p * (len(known) - rank), 1.0))
        adjusted[position] = highest
    return adjusted


def _is_fragile(results: Sequence[tuple[Specification, Result]]) -> bool:
    """Whether more than a fifth of the readings with a result point to the other side of "no change" than the primary.

    Counts of names have no such side; there a reading points to the other side when its verdict does.
    """
    sides = []
    for spec, result in results:
        if result.estimate is None or result.verdict == verdicts.NOT_TESTABLE:
            continue
        if spec.method in (statements.VOLUME, statements.ENGAGEMENT):
            side = result.estimate > 1
        elif spec.method == statements.COINCIDENCE:
            side = result.estimate > 0
        else:
            side = result.estimate >= spec.threshold
        sides.append((spec.is_primary, side))
    if len(sides) < 2:
        return False
    leading = next((side for is_primary, side in sides if is_primary), None)
    if leading is None:
        leading = sum(side for _, side in sides) * 2 >= len(sides)
    return sum(side != leading for _, side in sides) > verdicts.MOST_FLIPPED * len(sides)


def _six(value: float | None) -> float | None:
    """Six significant digits: what libraries of other machines give beyond differs."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.6g}")


def _p(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 6)


def _null(spec: Specification) -> str:
    return f"{spec.threshold:.0%}" if spec.method == statements.SHARES else f"{spec.threshold:.3g}"


def _shown(spec: Specification, result: Result) -> str:
    """An estimate with its interval, for reading."""
    if result.estimate is None:
        return ""
    if spec.method == statements.RANKING:
        return f"{result.estimate:.0f} / {len(spec.names)}"
    if result.unit == "share":
        return f"{result.estimate:.1%}"
    if result.low is None or result.high is None:
        return f"{result.estimate:.3g}"
    return f"{result.estimate:.2f} ({result.low:.2f} to {result.high:.2f})"


# Data ----------------------------------------------------------------------------------------------------------


@dataclass
class _Source:
    """The rows of the account that the study is about; what was asked twice is fetched once."""

    connection: duckdb.DuckDBPyConnection
    platform: str
    handle: str
    account_key: str | None = None
    spans: list[Span] = field(default_factory=list)
    created: date | None = None
    stated: int | None = None
    post_count: int = 0
    _cache: dict[tuple, list[tuple]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = self.fetch(
            "select account_key, post_count from marts.dim_accounts "
            "semi join (select account_key from marts.dim_account_handles where folded_handle = lower($handle)) "
            "using (account_key) where platform = $platform and post_count > 0 "
            "order by post_count desc, account_key limit 1",
            handle=self.handle,
            platform=self.platform,
        )
        if not found:
            return
        self.account_key, self.post_count = found[0]
        rows = self.fetch(
            "select covered_from, record_count, basis = 'census', basis <> 'sample', "
            "created_date, stated_post_count from intermediate.int_accounts__coverage "
            "where account_key = $account order by all"
        )
        self.spans = [Span(*row[:4]) for row in rows]
        self.created = min((row[4] for row in rows if row[4]), default=None)
        self.stated = max((row[5] for row in rows if row[5]), default=None)

    def fetch(self, sql: str, **parameters: Any) -> list[tuple]:
        if "$account" in sql:
            parameters["account"] = self.account_key
        key = (sql, *(str(value) for value in parameters.values()))
        if key not in self._cache:
            self._cache[key] = self.connection.execute(sql, parameters).fetchall()
        return self._cache[key]

    def cap(self) -> Reason | None:
        """Why the posts may begin where a capture was cut."""
        return verdicts.cap(self.spans, self.created, self.post_count, self.stated)

    def coverage(self, window: Window) -> float:
        """Share of the days of a window that captures cover."""
        days = self.fetch(
            "select count(*) from intermediate.int_accounts__covered_days "
            "where account_key = $account and covered_date between $first and $last",
            first=window.first,
            last=window.last,
        )
        return days[0][0] / window.days


def _hash(*rows: Sequence[Any]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _result(source: _Source, spec: Specification) -> Result:
    if source.account_key is None:
        return Result(
            reason=Reason(
                "no_capture",
                f"no accepted capture holds posts of @{source.handle}",
                f"tidak ada tangkapan yang diterima dengan unggahan @{source.handle}",
            )
        )
    compute = {
        statements.VOLUME: _volume,
        statements.ENGAGEMENT: _engagement,
        statements.COINCIDENCE: _coincidence,
        statements.RANKING: _ranking,
        statements.SHARES: _shares,
    }[spec.method]
    coverage = min(source.coverage(window) for window in spec.windows)
    result = compute(source, spec, replace(Result(), coverage=coverage))
    reason = result.reason
    return result if reason is None else replace(result, verdict=verdicts.NOT_TESTABLE)


def _not_covered(source: _Source, window: Window, share: float) -> Reason:
    samples = all(not span.is_complete for span in source.spans)
    en = f"captures cover {share:.0%} of the days from {window}"
    indonesian = f"tangkapan mencakup {share:.0%} hari dari {window.first} sampai {window.last}"
    if samples:
        en += "; its posts were found by a search or in a mixed export, and nothing says what was not found"
        indonesian += "; unggahannya ditemukan lewat pencarian, dan yang tidak ditemukan tidak diketahui"
    return Reason("not_covered", en, indonesian)


def _too_few(what: str, what_id: str) -> Reason:
    return Reason("too_few", what, what_id)


# Volume --------------------------------------------------------------------------------------------------------


def _volume(source: _Source, spec: Specification, result: Result) -> Result:
    assert spec.before and spec.after
    result = replace(
        result,
        estimand=f"posts per covered day ({', '.join(spec.kinds)}), {spec.after} against {spec.before}",
        unit="ratio",
        exclusions="days that no capture covers",
    )
    rows = [
        (month, int(count), int(days))
        for month, count, days in source.fetch(
            "select posted_month, sum(post_count), any_value(covered_days) from marts.fct_post_volume "
            "where account_key = $account and covered_days > 0 and list_contains($kinds, kind) "
            "group by posted_month order by posted_month",
            kinds=list(spec.kinds),
        )
        if spec.before.first <= month <= spec.after.last
    ]
    result = replace(result, data_sha256=_hash(rows), n=len(rows))
    capped = source.cap()
    starts = [span.first for span in source.spans if span.is_complete and span.first]
    start = min(starts, default=None)
    warnings = []
    if start is not None and start + verdicts.EDGE >= spec.before.first:
        if capped:
            en, indonesian = capped.en, capped.id
            return replace(
                result,
                reason=Reason(
                    capped.code,
                    f"{en}; the first months are what such a cut leaves, not what the account posted",
                    f"{indonesian}; bulan-bulan awal hanyalah sisa pemotongan itu",
                ),
            )
        if not any(span.is_census for span in source.spans if span.first == start):
            warnings.append(f"the captures begin on {start}, and nothing says whether the account posted before")
    for window in spec.windows:
        share = source.coverage(window)
        if share < spec.least_coverage:
            return replace(result, reason=_not_covered(source, window, share))
    before = [row for row in rows if row[0] <= spec.before.last]
    after = [row for row in rows if row[0] >= spec.after.first]
    if min(len(before), len(after)) < LEAST_MONTHS:
        fewer = min(len(before), len(after))
        told = f"{fewer} covered months on one side; {LEAST_MONTHS} are needed"
        return replace(result, reason=_too_few(told, f"{fewer} bulan tercakup di satu sisi; perlu {LEAST_MONTHS}"))
    try:
        chosen, sides, said = _of_years(source, spec, before, after)
    except NotEstimableError as error:
        return replace(result, reason=_too_few(f"no ratio can be formed: {error}", "rasio tidak dapat dihitung"))
    if chosen is None:
        told = "not every year after is covered"
        return replace(result, reason=Reason("not_covered", told, "tidak setiap tahun sesudahnya tercakup"))
    counts, days, is_after, _ = sides
    welch = welch_ratio(*sides)
    checks = [*said, f"Welch {welch.estimate:.2f} ({welch.low:.2f} to {welch.high:.2f})"]
    numbers = np.array([row[0].year * 12 + row[0].month - 1 for row in rows])
    step = likeliest_step(np.array([r[1] for r in rows]), np.array([r[2] for r in rows]), numbers)
    if step is not None:
        verb = "a change" if step.is_change else "no clear change"
        checks.append(
            f"likeliest single change {rows[step.position][0]:%Y-%m}: {step.ratio:.2f} times, "
            f"likelihood ratio {step.likelihood_ratio:.1f} ({verb})"
        )
    if (welch.low > spec.threshold) != (chosen.low > spec.threshold):
        warnings.append("the cross-check by Welch comes to another verdict")
    observed = (counts[is_after].sum() / days[is_after].sum()) / (counts[~is_after].sum() / days[~is_after].sum())
    return replace(
        result,
        estimate=chosen.estimate,
        low=chosen.low,
        high=chosen.high,
        p_value=chosen.p_value(spec.threshold),
        observed=float(observed),
        n=len(counts),
        effective_n=chosen.effective_n,
        rho=chosen.rho,
        covariates="covered days as exposure",
        checks=tuple(checks),
        warnings=tuple(warnings),
        verdict=verdicts.by_interval(chosen.estimate, chosen.low, chosen.high, spec.threshold),
    )


def _of_years(
    source: _Source, spec: Specification, before: list[tuple], after: list[tuple]
) -> tuple[Ratio | None, tuple[np.ndarray, ...], list[str]]:
    """The ratio that a reading asks for: of the whole time after, or of its lowest or highest year."""

    def sides(later: list[tuple]) -> tuple[np.ndarray, ...]:
        rows = [*before, *later]
        numbers = np.array([row[0].year * 12 + row[0].month - 1 for row in rows])
        counts, days = (np.array([float(row[i]) for row in rows]) for i in (1, 2))
        return counts, days, np.arange(len(rows)) >= len(before), numbers

    if spec.take == "whole":
        arrays = sides(after)
        return rate_ratio(*arrays), arrays, []
    assert spec.after
    ratios = {}
    for year in range(spec.after.first.year, spec.after.last.year + 1):
        window = Window(date(year, 1, 1), date(year, 12, 31))
        if window.first < spec.after.first or window.last > spec.after.last:
            continue
        if source.coverage(window) < spec.least_coverage:
            return None, sides(after), []
        arrays = sides([row for row in after if row[0].year == year])
        ratios[year] = (rate_ratio(*arrays), arrays)
    if not ratios:
        return None, sides(after), []
    order = sorted(ratios, key=lambda year: (round(ratios[year][0].estimate, 9), year))
    year = order[0] if spec.take == "lowest_year" else order[-1]
    said = [", ".join(f"{y}: {ratios[y][0].estimate:.2f}" for y in sorted(ratios))]
    if spec.take == "highest_year":
        said.append("the highest of several years is high by luck, too")
    return *ratios[year], said


# Engagement ----------------------------------------------------------------------------------------------------


def _engagement(source: _Source, spec: Specification, result: Result) -> Result:
    assert spec.window
    metric = spec.metric
    exclusions = ["reposts", f"posts observed less than {spec.least_age_days} days after they were posted"]
    if spec.without_top_share:
        exclusions.append(f"the {spec.without_top_share:.0%} of posts with the most")
    covariates = [spec.time_effects, "media", "language", *(["kind"] if len(spec.kinds) > 1 else [])]
    # Who is named in the file need not be named to readers: a private person never is.
    partners = "the named partners" if spec.partners else "registered accounts"
    if spec.partners == (statements.ANYONE,):
        partners = "any other account"
    result = replace(
        result,
        estimand=f"{metric} of posts with a {' or '.join(spec.by)} of {partners} against comparable posts without",
        unit="ratio",
        covariates=", ".join(covariates),
        exclusions="; ".join(exclusions),
    )
    rows = source.fetch(
        f"""
        with own_partners as (
            select
                fct_interactions.post_key,
                bool_or(
                    case
                        when $anyone then true
                        when len($partners) > 0 then partner_keys.account_key is not null
                        else targets.is_registered
                    end
                ) as has_partner
            from marts.fct_interactions
            inner join marts.dim_accounts as targets on targets.account_key = fct_interactions.target_account_key
            left join (
                select distinct account_key from marts.dim_account_handles
                where list_contains($partners, folded_handle)
            ) as partner_keys on partner_keys.account_key = fct_interactions.target_account_key
            where fct_interactions.account_key = $account
                and not fct_interactions.is_self
                and list_contains($by, fct_interactions.kind)
            group by fct_interactions.post_key
        )
        select
            fct_posts.post_key,
            fct_post_engagement.{metric},
            coalesce(own_partners.has_partner, false),
            own_partners.post_key is not null,
            year(fct_posts.posted_date),
            12 * year(fct_posts.posted_date) + month(fct_posts.posted_date),
            coalesce(fct_posts.media_count, 0) > 0,
            coalesce(fct_posts.language, ''),
            fct_posts.kind,
            fct_post_engagement.days_since_post is null
        from marts.fct_posts
        inner join marts.fct_post_engagement using (post_key)
        left join own_partners using (post_key)
        where fct_posts.account_key = $account
            and fct_post_engagement.is_latest
            and list_contains($kinds, fct_posts.kind)
            and fct_posts.posted_date between $first and $last
            and fct_post_engagement.{metric} is not null
            and coalesce(fct_post_engagement.days_since_post, $age) >= $age
        order by fct_posts.post_key
        """,
        partners=[name.lower().removeprefix("@") for name in spec.partners],
        anyone=spec.partners == (statements.ANYONE,),
        by=list(spec.by),
        kinds=list(spec.kinds),
        first=spec.window.first,
        last=spec.window.last,
        age=spec.least_age_days,
    )
    warnings = []
    capped = source.cap()
    if capped:
        warnings.append(f"{capped.en}: it speaks of the captured posts")
    elif result.coverage is not None and result.coverage < spec.least_coverage:
        warnings.append(f"captures cover {result.coverage:.0%} of the days: it speaks of the posts that were found")
    result = replace(result, n=len(rows), data_sha256=_hash(rows), warnings=tuple(warnings))
    if not rows:
        told = f"no post of the window has a {metric}"
        return replace(result, reason=Reason("no_engagement", told, f"tidak ada unggahan dengan {metric}"))
    columns = list(zip(*rows, strict=True))
    counts = np.array(columns[1], dtype=float)
    partner, anybody = (np.array(columns[i], dtype=bool) for i in (2, 3))
    keep = np.ones(len(counts), dtype=bool)
    if spec.without_top_share:
        keep = counts <= np.quantile(counts, 1 - spec.without_top_share)
    years, months = (np.array(columns[i]) for i in (4, 5))
    covariates_by_name = {"media": np.array(columns[6], dtype=int), "language": merged(np.array(columns[7]))}
    if len(spec.kinds) > 1:
        covariates_by_name["kind"] = merged(np.array(columns[8]))
    undated = float(np.mean(columns[9]))
    if undated:
        warnings.append(f"of {undated:.0%} of the posts nobody knows when they were counted")

    def model(treated: np.ndarray, chosen: np.ndarray) -> Lift:
        month_codes = renumbered(months[chosen])
        time_codes = month_codes if spec.time_effects == "month" else renumbered(years[chosen])
        # the values that are there, numbered anew: without posts there is no dummy
        others = {name: renumbered(codes[chosen]) for name, codes in covariates_by_name.items()}
        by_law = spec.model == statements.NEGATIVE_BINOMIAL
        return lift(
            counts[chosen], treated[chosen], {"time": time_codes, **others}, month_codes, negative_binomial=by_law
        )

    few = min(int(partner[keep].sum()), int((~partner)[keep].sum()))
    clusters = len(np.unique(months[keep]))
    if few < LEAST_POSTS or clusters < LEAST_CLUSTERS:
        told = (
            f"{few:,} posts of one kind in {clusters} months; {LEAST_POSTS} and {LEAST_CLUSTERS} are needed",
            f"{few} unggahan dari satu jenis dalam {clusters} bulan; perlu {LEAST_POSTS} dan {LEAST_CLUSTERS}",
        )
        return replace(result, reason=_too_few(*told), warnings=tuple(warnings))
    checks = []
    try:
        found = model(partner, keep)
        if spec.leave_one_year_out:
            each = {}
            for year in sorted(set(years[keep])):
                left = keep & (years != year)
                if len(set(years[left])) and min(partner[left].sum(), (~partner)[left].sum()) >= LEAST_POSTS:
                    each[year] = model(partner, left)
            if not each:
                told = "there is no year that can be left out"
                return replace(result, reason=_too_few(told, "tidak ada tahun yang dapat dikeluarkan"))
            # the least favourable one stands for all
            worst = min(each, key=lambda year: (round(each[year].low, 9), year))
            found = each[worst]
            checks.append(f"without {worst}, the least favourable of " + ", ".join(map(str, each)))
    except NotEstimableError as error:
        told = f"no ratio can be formed: {error}"
        return replace(result, reason=_too_few(told, "rasio tidak dapat dihitung"), warnings=tuple(warnings))
    pooled = counts[keep & partner].mean() / counts[keep & ~partner].mean()
    verdict = verdicts.by_interval(found.estimate, found.low, found.high, spec.threshold)
    doubts, agrees = [], False
    strata = numbered_together(renumbered(years), *covariates_by_name.values())[keep]
    within = within_strata(counts[keep], partner[keep], strata, spec.seed)
    if within is not None:
        ratio = "undefined" if within.median_ratio is None else f"{within.median_ratio:.2f}"
        checks.append(
            f"permutation within year, media and language: p {within.p_value:.3f}, Cliff's delta {within.delta:.2f}, "
            f"median ratio {ratio} ({within.posts:,} posts)"
        )
        agrees = within.p_value < 0.05 and (within.delta > 0) == (found.estimate > spec.threshold)
        if not agrees:
            doubts.append(
                Reason(
                    "permutation_disagrees",
                    f"ranks within strata show no such difference (p {within.p_value:.2f})",
                    f"peringkat dalam strata tidak menunjukkan perbedaan itu (p {within.p_value:.2f})".replace(
                        ".", ","
                    ),
                )
            )
    others = keep & ~partner
    if min(int(anybody[others].sum()), int((~anybody)[others].sum())) >= LEAST_POSTS:
        try:
            placebo = model(anybody, others)
        except NotEstimableError:
            placebo = None
        if placebo is not None:
            checks.append(
                f"placebo, posts with others than partners: {placebo.estimate:.2f} "
                f"({placebo.low:.2f} to {placebo.high:.2f})"
            )
            if placebo.low > 1 and placebo.high >= found.estimate:
                doubts.append(
                    Reason(
                        "placebo_too",
                        "posts with anybody else in them are received as much better",
                        "unggahan dengan akun lain pun diterima sama baiknya",
                    )
                )
    else:
        warnings.append("too few posts with others than partners for a placebo")
    checks.append(f"without any control: {pooled:.2f} times")
    if pooled > found.high or pooled < found.low:
        warnings.append(
            f"the plain comparison ({pooled:.2f} times) misleads: posts with partners are of other times and kinds"
        )
    if verdict == verdicts.SUPPORTED and doubts:
        verdict = verdicts.CONSISTENT
    elif verdict == verdicts.CONTRADICTED and not agrees:
        verdict = verdicts.NOT_SUPPORTED
    return replace(
        result,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        p_value=found.p_value(spec.threshold),
        observed=float(pooled),
        n=int(keep.sum()),
        groups=found.groups,
        checks=tuple(checks),
        warnings=tuple(warnings),
        doubts=tuple(doubts),
        verdict=verdict,
    )


# Coincidence ---------------------------------------------------------------------------------------------------


def _coincidence(source: _Source, spec: Specification, result: Result) -> Result:
    assert spec.window and spec.indicator
    is_monthly = spec.period == statements.MONTH
    result = replace(
        result,
        estimand=f"rank correlation of own posts per covered day with {spec.indicator}, over its periods",
        unit="rank correlation",
        exclusions="periods that captures do not cover, that conflict or have no figure",
    )
    figures = source.fetch(
        "select period_start, period_end, value from marts.fct_indicators "
        "where indicator_code = $code and reporter = $reporter and geo = $geo and dimension = 'total' "
        # 360 to 370 days: a year, whichever day it begins on
        "and category = 'total' and value is not null "
        "and date_diff('day', period_start, period_end) between $shortest and $longest "
        "and period_start >= $first and period_end <= $last order by period_start, period_end",
        code=spec.indicator.code,
        reporter=spec.indicator.reporter,
        geo=spec.indicator.geo,
        first=spec.window.first,
        last=spec.window.last,
        shortest=27 if is_monthly else 360,
        longest=30 if is_monthly else 370,
    )
    pairs, dropped, end = [], 0, None
    for start, last, value in figures:
        if end is not None and start <= end:
            dropped += 1
            continue
        end = last
        posts, days = source.fetch(
            "select coalesce(sum(post_count - repost_post_count), 0), count(*) from marts.fct_post_volume_daily "
            "where account_key = $account and is_covered and posted_date between $first and $last",
            first=start,
            last=last,
        )[0]
        if days / Window(start, last).days < spec.least_coverage:
            dropped += 1
            continue
        pairs.append((start, last, int(posts) / int(days), int(value)))
    warnings = [f"{dropped} periods dropped: not covered, or overlapping"] if dropped else []
    capped = source.cap()
    if capped:
        warnings.append(capped.en)
    result = replace(result, n=len(pairs), data_sha256=_hash(pairs), warnings=tuple(warnings))
    if is_monthly:
        return _coincidence_of_months(spec, result, pairs)
    if len(pairs) < verdicts.LEAST_YEARS:
        told = (
            f"{len(pairs)} years in which posts and figures are known; {verdicts.LEAST_YEARS} are needed",
            f"{len(pairs)} tahun dengan unggahan dan angka yang diketahui; perlu {verdicts.LEAST_YEARS}",
        )
        return replace(result, reason=_too_few(*told))
    middles = np.array([(start.toordinal() + last.toordinal()) / 2 for start, last, _, _ in pairs])
    posts, values = (np.array([float(pair[i]) for pair in pairs]) for i in (2, 3))
    found = coincide(posts, values, middles, spec.seed)
    plain, changes, lines = found.plain, found.differenced, found.detrended
    if plain.rho is None or plain.p_value is None or plain.low is None or plain.high is None:
        told = "one of the series never changes"
        return replace(result, reason=Reason("constant", told, "salah satu deret tidak pernah berubah"))
    checks = [
        f"{name}: " + ("undefined" if c.rho is None else f"{c.rho:.2f}, p {c.p_value:.3f}")
        for name, c in (("changes from year to year", changes), ("distances from a straight line", lines))
    ]
    return replace(
        result,
        estimate=plain.rho,
        low=plain.low,
        high=plain.high,
        p_value=plain.p_value,
        observed=plain.rho,
        checks=tuple(checks),
        verdict=verdicts.of_coincidence(
            plain.rho, plain.p_value, plain.high, spec.threshold, (changes.rho, changes.p_value)
        ),
    )


def _coincidence_of_months(
    spec: Specification, result: Result, pairs: Sequence[tuple[date, date, float, int]]
) -> Result:
    """The strongest of the declared lags, over the longest run of months without a gap."""
    runs: list[list[tuple[date, date, float, int]]] = [[]]
    for pair in pairs:
        if runs[-1] and (pair[0] - runs[-1][-1][1]).days != 1:
            runs.append([])
        runs[-1].append(pair)
    run = max(runs, key=len)
    warnings = list(result.warnings)
    if len(run) < len(pairs):
        warnings.append(f"{len(pairs) - len(run)} months left out: they lie beyond a gap")
    result = replace(result, n=len(run), warnings=tuple(warnings))
    if len(run) < LEAST_MONTHS_OF_SERIES:
        told = (
            f"{len(run)} months in a row in which posts and figures are known; {LEAST_MONTHS_OF_SERIES} are needed",
            f"{len(run)} bulan berturut-turut dengan unggahan dan angka yang diketahui; perlu {LEAST_MONTHS_OF_SERIES}",
        )
        return replace(result, reason=_too_few(*told))
    posts, values = (np.array([float(pair[i]) for pair in run]) for i in (2, 3))
    if len(set(posts)) < 2 or len(set(values)) < 2:
        told = "one of the series never changes"
        return replace(result, reason=Reason("constant", told, "salah satu deret tidak pernah berubah"))
    lags = spec.lags or (0,)
    plain = lagged(posts, values, lags, spec.seed)
    changes = lagged(np.diff(posts), np.diff(values), lags, spec.seed)
    checks = [
        f"{name}: {found.rho:.2f} at a lag of {found.lag}, p {found.p_value:.3f}, corrected for "
        f"{len(lags)} lag{'s' if len(lags) > 1 else ''}"
        for name, found in (("as they are", plain), ("changes from month to month", changes))
    ]
    checks.append("by lag: " + ", ".join(f"{lag:+d} {rho:.2f}" for lag, rho in plain.by_lag))
    return replace(
        result,
        estimate=plain.rho,
        p_value=plain.p_value,
        observed=plain.rho,
        checks=tuple(checks),
        verdict=verdicts.of_coincidence(plain.rho, plain.p_value, 1, spec.threshold, (changes.rho, changes.p_value)),
    )


# Lists and shares ----------------------------------------------------------------------------------------------


def _ranking(source: _Source, spec: Specification, result: Result) -> Result:
    assert spec.window
    is_hashtags = spec.mart == "fct_post_hashtags"
    what = "hashtags" if is_hashtags else f"accounts by posts with a {' or '.join(spec.by)}"
    result = replace(result, estimand=f"of the {len(spec.names)} named, how many are among the first {spec.top} {what}")
    result = replace(result, unit="names")
    if is_hashtags:
        names = {name.lower().removeprefix("#"): f"#{name.removeprefix('#')}" for name in spec.names}
        ranks = source.fetch(
            "select hashtag, rank() over (order by count(distinct post_key) desc), count(distinct post_key) "
            "from marts.fct_post_hashtags where account_key = $account and list_contains($kinds, kind) "
            "and posted_date between $first and $last group by hashtag order by 2, 1",
            kinds=list(spec.kinds),
            first=spec.window.first,
            last=spec.window.last,
        )
        places = {row[0]: row[1:] for row in ranks if row[0] in names}
    else:
        names = {name.lower().removeprefix("@"): f"@{name.removeprefix('@')}" for name in spec.names}
        registered = {
            row[0]
            for row in source.fetch(
                "select lower(handle) from marts.dim_organisations where platform = $platform order by all",
                platform=source.platform,
            )
        }
        # Private persons are counted, never named.
        names = {
            name: shown if name in registered else "an account that is not registered" for name, shown in names.items()
        }
        ranks = source.fetch(
            "select folded_handle, place, posts from ("
            "select target_account_key, rank() over (order by count(distinct post_key) desc) as place, "
            "count(distinct post_key) as posts from marts.fct_interactions where account_key = $account "
            "and not is_self and list_contains($by, kind) and posted_date between $first and $last group by 1) "
            "inner join marts.dim_account_handles on dim_account_handles.account_key = target_account_key "
            "order by 2, 1",
            by=list(spec.by),
            first=spec.window.first,
            last=spec.window.last,
        )
        # an account of a named handle that was there before it stands at the better place
        places = {}
        for handle, *rest in ranks:
            if handle in names:
                places.setdefault(handle, rest)
    found = sum(place <= spec.top for place, _ in places.values())
    checks = [
        f"{shown}: place {places[name][0]:,} with {places[name][1]:,} posts"
        if name in places
        else f"{shown}: not found"
        for name, shown in names.items()
    ]
    result = replace(
        result,
        n=len(spec.names),
        checks=tuple(checks),
        data_sha256=_hash(sorted(places.items())),
        exclusions="" if not is_hashtags or "repost" in spec.kinds else "reposts",
    )
    return _counted(source, spec, result, float(found), bool(ranks))


def _shares(source: _Source, spec: Specification, result: Result) -> Result:
    assert spec.window
    result = replace(
        result, estimand=f"the lowest share of posts among the themes {', '.join(spec.names)}", unit="share"
    )
    known = {row[0] for row in source.fetch("select theme_code from marts.dim_themes order by all")}
    if missing := [name for name in spec.names if name not in known]:
        told = f"the codebook has no theme {', '.join(missing)}"
        return replace(result, reason=Reason("unknown_theme", told, f"buku kode tidak memuat {', '.join(missing)}"))
    where = (
        "from marts.fct_posts where fct_posts.account_key = $account and list_contains($kinds, fct_posts.kind) "
        "and fct_posts.posted_date between $first and $last"
    )
    parameters = {"kinds": list(spec.kinds), "first": spec.window.first, "last": spec.window.last}
    total = source.fetch(f"select count(*) {where}", **parameters)[0][0]
    counted = dict(
        source.fetch(
            "select theme_code, count(distinct post_key) from marts.fct_post_themes "
            f"semi join (select post_key {where}) using (post_key) "
            "where list_contains($themes, theme_code) group by 1 order by 1",
            themes=list(spec.names),
            **parameters,
        )
    )
    usable = {
        row[0]
        for row in source.fetch("select theme_code from raw.codebook_figures where verdict = 'usable' order by all")
    }
    result = replace(result, n=total, data_sha256=_hash([total, *sorted(counted.items())]))
    if not total:
        return replace(result, reason=_too_few("no post in the window", "tidak ada unggahan dalam jendela"))
    shares = {name: counted.get(name, 0) / total for name in spec.names}
    result = replace(result, checks=tuple(f"{name}: {share:.1%}" for name, share in shares.items()))
    doubts = ()
    if unproven := [name for name in spec.names if name not in usable]:
        doubts = (
            Reason(
                "unvalidated",
                f"the rules of {', '.join(unproven)} were not found usable by people who coded a sample",
                f"aturan {', '.join(unproven)} belum dinyatakan layak oleh orang yang mengode sampel",
            ),
        )
    return _counted(source, spec, replace(result, doubts=doubts), min(shares.values()), True)


def _counted(source: _Source, spec: Specification, result: Result, value: float, is_any: bool) -> Result:
    """The verdict on something that was counted: a fact where the window is covered, else of what was found."""
    assert spec.window and result.coverage is not None
    covered = result.coverage >= spec.least_coverage
    doubts = list(result.doubts)
    capped = source.cap()
    is_cut = capped is not None and any(
        span.first and span.first + verdicts.EDGE >= spec.window.first for span in source.spans if span.is_complete
    )
    if not covered or is_cut:
        reason = capped if capped is not None and is_cut else _not_covered(source, spec.window, result.coverage)
        if value < spec.threshold or not is_any:
            return replace(result, estimate=None, observed=value, reason=reason, doubts=())
        doubts.append(reason)
    verdict = verdicts.by_interval(value, None, None, spec.threshold)
    if verdict == verdicts.SUPPORTED and doubts:
        verdict = verdicts.CONSISTENT
    return replace(
        result,
        estimate=value,
        observed=value,
        doubts=tuple(doubts),
        verdict=verdict,
    )
