"""The file that states claims before any result: `claims/<id>.yml`, and every way in which one can be wrong.

Belongs here: what a claim may say, with the line of whatever it may not; the hashes of what was said.
Does not belong here: statistics, and which account it is about (the study names it).

    claims: {id: my_study, version: '1', title: My study}
    statements:
      - id: C1
        text: {en: It posted more than twice as much after 2016, id: …}
        specifications:
          - id: C1.rate
            primary: true
            reading: {en: posts per day 2017 to 2022 against 2015 and 2016, id: …}
            method: volume
            mart: fct_post_volume
            before: [2015-01-01, 2016-12-31]
            after: [2017-01-01, 2022-12-31]
            threshold: 2
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from orchestration.contract import DBT_PROJECT_DIR, PROJECT_ROOT, InputError, SuaraError

CLAIMS_FOLDER = PROJECT_ROOT / "claims"
# Verdicts and readings are told in both.
LANGUAGES = ("en", "id")
VOLUME, ENGAGEMENT, COINCIDENCE, RANKING, SHARES = "volume", "engagement", "coincidence", "ranking", "shares"
# Share of the days of a window that captures cover, below which nothing is said about it. The months before and after
# are compared by covered days, so a hole moves no rate; but what lay in a hole of a fifth may have been anything.
LEAST_COVERAGE = 0.8

KINDS = ("original", "quote", "reply", "self_reply", "repost")
OWN = ("original", "quote", "reply", "self_reply")
METRICS = (
    *("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count", "impression_count"),
    *("engagement_count", "engagement_rate"),
)
INTERACTIONS = ("mention", "reply", "repost", "quote")
# As the only partner: any other account. It is never named, and there is nobody left for a placebo.
ANYONE = "anyone"
TAKES = ("whole", "lowest_year", "highest_year")
POISSON, NEGATIVE_BINOMIAL = "poisson", "negative_binomial"
YEAR, MONTH = "year", "month"
# Periods by which one series may follow the other; more would be a search for anything that fits.
MOST_LAGS = 6

_COMMON = ("id", "primary", "reading", "method", "mart", "threshold", "least_coverage")
# method: (marts it can read, keys it needs, keys it may have)
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    VOLUME: (("fct_post_volume",), ("before", "after"), ("take", "kinds")),
    ENGAGEMENT: (
        ("fct_post_engagement",),
        ("window", "metric"),
        (
            *("kinds", "partners", "by", "least_age_days", "time_effects", "without_top_share", "leave_one_year_out"),
            "model",
        ),
    ),
    COINCIDENCE: (("fct_post_volume_daily",), ("window", "indicator"), ("period", "lags")),
    RANKING: (("fct_post_hashtags", "fct_interactions"), ("window", "names", "top"), ("kinds", "by")),
    SHARES: (("fct_post_themes",), ("window", "names"), ("kinds",)),
}
# An id names files and rows.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# libyaml's loader takes a tenth of the time (see `codebook.reading`).
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 20


@dataclass(frozen=True)
class Window:
    """Days from first to last, both included, in the reporting time zone."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Indicator:
    """A series of an official reporter."""

    code: str
    reporter: str
    geo: str

    def __str__(self) -> str:
        return f"{self.code} of {self.reporter}, {self.geo}"


@dataclass(frozen=True)
class Specification:
    """One reading of a claim, with everything that decides its result.

    Attributes:
        reading: In words, by language.
        threshold: What the estimate must exceed: a ratio, a correlation, a share, a number of names.
        lags: Months by which the indicator may follow the posts, declared before any result; empty for none.
        least_coverage: Share of the days of each window that must be covered.
    """

    id: str
    is_primary: bool
    reading: dict[str, str]
    method: str
    mart: str
    threshold: float
    least_coverage: float = LEAST_COVERAGE
    window: Window | None = None
    before: Window | None = None
    after: Window | None = None
    take: str = "whole"
    kinds: tuple[str, ...] = OWN
    metric: str = ""
    partners: tuple[str, ...] = ()
    by: tuple[str, ...] = ("mention", "reply", "quote")
    least_age_days: int = 30
    time_effects: str = "year"
    without_top_share: float = 0.0
    leave_one_year_out: bool = False
    indicator: Indicator | None = None
    names: tuple[str, ...] = ()
    top: int = 0
    model: str = POISSON
    period: str = YEAR
    lags: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        """Of all that decides the result; words for people do not."""
        said = asdict(self)
        del said["reading"]
        # Keys that came later count only where they are used: a reading from before keeps its hash.
        for name, default in (("model", POISSON), ("period", YEAR), ("lags", ())):
            if said[name] == default:
                del said[name]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def seed(self) -> int:
        """Of its random draws: they differ from reading to reading and never from run to run."""
        return int(self.sha256[:8], 16)

    @property
    def windows(self) -> tuple[Window, ...]:
        return tuple(w for w in (self.window, self.before, self.after) if w is not None)


@dataclass(frozen=True)
class Statement:
    """A claim as it was published, and how it is read."""

    id: str
    text: dict[str, str]
    specifications: tuple[Specification, ...]
    source: str = ""


@dataclass(frozen=True)
class Claims:
    """Everything that a file states.

    Attributes:
        sha256: Of the bytes of the file.
    """

    id: str
    version: str
    title: str
    sha256: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `code` is a stable word for it."""

    line: int
    code: str
    expected: str
    found: str
    next_step: str

    def text(self, name: str) -> str:
        return f"{name}, line {self.line}: expected {self.expected}; found {self.found}. {self.next_step}"


class ClaimsError(SuaraError):
    """A file of claims that cannot be used: every error in it, each with its line."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problem.text(name) for problem in self.problems))


def read_claims(path: Path, indicators: Iterable[Indicator] | None = None) -> Claims:
    """The claims in a file.

    Args:
        indicators: Those that are known; None to leave that open.

    Raises:
        InputError: The file cannot be read.
        ClaimsError: It has errors; the message names the line of each.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are no UTF-8"
        raise InputError(
            file=str(path), expected="a file of claims in UTF-8", found=found, next_step="Check the path."
        ) from error
    reader = _Reader(None if indicators is None else frozenset(indicators))
    claims = reader.read(text, hashlib.sha256(content).hexdigest())
    if reader.problems or claims is None:
        raise ClaimsError(path.name, sorted(reader.problems, key=lambda p: (p.line, p.code, p.found)))
    return claims


def read_study_claims(claims_id: str) -> Claims:
    """The claims that a study names: `claims/<id>.yml`, which states the same id.

    Raises:
        InputError: There is no such file, or it states another id.
        ClaimsError: It has errors.
    """
    path = CLAIMS_FOLDER / f"{claims_id}.yml"
    claims = read_claims(path)
    if claims.id != claims_id:
        raise InputError(
            file=str(path.relative_to(PROJECT_ROOT)),
            expected=f"claims with the id {claims_id}, as the study names them",
            found=claims.id,
            next_step="Correct the id in the file, or claims_id in seeds/studies/studies.csv.",
        )
    return claims


def known_indicators(added: Iterable[Path] = ()) -> frozenset[Indicator]:
    """The series of the governed seed, and of tables of figures that were added."""
    seed = DBT_PROJECT_DIR / "seeds" / "indicators" / "reference_indicators.csv"
    found = set()
    for path in (seed, *added):
        with open(path, encoding="utf-8", newline="") as handle:
            found |= {Indicator(r["indicator_code"], r["reporter"], r["geo"]) for r in csv.DictReader(handle)}
    return frozenset(found)


@dataclass
class _Reader:
    """Reads the nodes of the YAML, not its values: only nodes know their lines. Goes on after an error."""

    indicators: frozenset[Indicator] | None
    problems: list[Problem] = field(default_factory=list)

    def _say(self, line: int, code: str, expected: str, found: str, next_step: str = "Correct this line.") -> None:
        self.problems.append(Problem(line, code, expected, found or "nothing", next_step))

    def read(self, text: str, sha256: str) -> Claims | None:
        root = self._compose(text)
        if root is None:
            return None
        top = self._mapping(root, ("claims", "statements"), "`claims:` and `statements:`")
        head = self._mapping(top["claims"], ("id", "version", "title"), "id, version, title") if "claims" in top else {}
        said = {key: self._text(head[key]) if key in head else "" for key in ("id", "version", "title")}
        for key, value in said.items():
            if not value:
                self._say(_line(top.get("claims", root)), "missing_key", f"`{key}:` of the claims", "none", "Add it.")
        self._name(head.get("id"), said["id"])
        statements = [self._statement(node) for node in self._items(top.get("statements"), root, "statements")]
        self._once([(s.id, line) for s, line in statements], "duplicate_id", "each claim once")
        return Claims(said["id"], said["version"], said["title"], sha256, tuple(s for s, _ in statements))

    def _compose(self, text: str) -> Any:
        depth = 0
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
                    line = event.start_mark.line + 1
                    self._say(line, "not_yaml", "plain text and lists", "a reference, or lists within lists")
                    return None
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "something else")
            self._say(mark.line + 1 if mark else 1, "not_yaml", "YAML", problem, "Put texts with : or # in quotes.")
            return None
        if root is None:
            self._say(
                1, "missing_key", "`claims:` and `statements:`", "an empty file", "See docs/explanation/claims.md."
            )
        return root

    # Shapes -------------------------------------------------------------------------------------------------

    def _mapping(self, node: Any, keys: Iterable[str], expected: str) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            self._say(_line(node), "wrong_shape", expected, "something else")
            return {}
        found: dict[str, Any] = {}
        for key_node, value in node.value:
            key = str(key_node.value)
            if key not in keys:
                meant = difflib.get_close_matches(key, list(keys), n=1)
                hint = f" (did you mean {meant[0]}?)" if meant else ""
                self._say(_line(key_node), "unknown_key", f"one of {', '.join(keys)}", f"{key}{hint}")
            elif key in found:
                self._say(_line(key_node), "duplicate_key", "each key once", f"{key} a second time")
            else:
                found[key] = value
        return found

    def _items(self, node: Any, parent: Any, what: str) -> list[Any]:
        if isinstance(node, yaml.SequenceNode) and node.value:
            return list(node.value)
        line = _line(node if node is not None else parent)
        self._say(line, "missing_key", f"`{what}:` with at least one entry", "none", "Add one.")
        return []

    def _text(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._say(_line(node), "wrong_shape", "one text", "something else")
            return ""
        return "" if node.tag.endswith(":null") else " ".join(node.value.split())

    def _texts(self, node: Any, known: Iterable[str] = ()) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._say(_line(node), "wrong_shape", "a list, as in [a, b]", "something else or nothing")
            return ()
        found = []
        for item in node.value:
            text = self._text(item)
            if known and text not in known:
                self._say(_line(item), "unknown_value", f"one of {', '.join(known)}", text)
            found.append(text)
        return tuple(dict.fromkeys(found))

    def _name(self, node: Any, text: str) -> None:
        if text and not _NAME.fullmatch(text):
            self._say(_line(node), "bad_name", "letters, digits and _ . -", text)

    def _number(self, node: Any, low: float, high: float, what: str) -> float:
        text = self._text(node)
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            self._say(_line(node), "bad_number", f"{what}: a number from {low:g} to {high:g}", text)
            return low
        return value

    def _words(self, node: Any, parent: Any, what: str) -> dict[str, str]:
        said = self._mapping(node, LANGUAGES, f"{what} by language: {{en: …, id: …}}") if node is not None else {}
        found = {language: self._text(value) for language, value in said.items()}
        for language in LANGUAGES:
            if not found.get(language):
                line = _line(node if node is not None else parent)
                self._say(line, "missing_text", f"{what} in {language}", "none", "Say it in both languages.")
        return found

    def _window(self, node: Any, what: str) -> Window | None:
        texts = self._texts(node)
        try:
            first, last = (date.fromisoformat(text) for text in texts)
        except ValueError:
            self._say(_line(node), "bad_window", f"`{what}: [first day, last day]` as 2016-12-31", ", ".join(texts))
            return None
        if last < first:
            step = "Put the earlier day first."
            self._say(_line(node), "empty_window", "a window with at least one day", f"{first} to {last}", step)
            return None
        return Window(first, last)

    def _once(self, names: list[tuple[str, int]], code: str, expected: str) -> None:
        seen: set[str] = set()
        for name, line in names:
            if name in seen:
                self._say(line, code, expected, f"{name} a second time")
            seen.add(name)

    # Parts --------------------------------------------------------------------------------------------------

    def _statement(self, node: Any) -> tuple[Statement, int]:
        said = self._mapping(node, ("id", "text", "source", "specifications"), "a claim: id, text, specifications")
        name = self._text(said["id"]) if "id" in said else ""
        if not name:
            self._say(_line(node), "missing_key", "`id:` of the claim", "none", "Add it; it is kept for life.")
        self._name(said.get("id"), name)
        text = self._words(said.get("text"), node, "the claim")
        found = [(self._specification(n), n) for n in self._items(said.get("specifications"), node, "specifications")]
        self._once([(s.id, _line(n)) for s, n in found if s], "duplicate_id", "each reading once")
        primary = [s for s, _ in found if s and s.is_primary]
        if found and len(primary) != 1:
            line = _line(said["specifications"])
            told = "Mark the reading that decides with `primary: true`, before you see a result."
            self._say(line, "no_primary", f"one primary reading of {name}", str(len(primary)), told)
        source = self._text(said["source"]) if "source" in said else ""
        return Statement(name, text, tuple(s for s, _ in found if s), source), _line(node)

    def _specification(self, node: Any) -> Specification | None:
        every = dict.fromkeys([*_COMMON, *(k for _, need, may in METHODS.values() for k in (*need, *may))])
        said = self._mapping(node, tuple(every), "a reading: id, reading, method, mart, threshold")
        method = self._text(said["method"]) if "method" in said else ""
        if method not in METHODS:
            line = _line(said.get("method", node))
            self._say(line, "unknown_method", f"a method: {', '.join(METHODS)}", method)
            return None
        marts, need, may = METHODS[method]
        for key in said:
            if key not in (*_COMMON, *need, *may):
                expected = f"what the method {method} uses: {', '.join((*need, *may))}"
                self._say(_line(said[key]), "unused_key", expected, key, "Take it out.")
        for key in ("id", "mart", "threshold", *need):
            if key not in said:
                told = "Say it before you see a result." if key == "threshold" else "Add it."
                self._say(_line(node), f"missing_{key}", f"`{key}:` of the reading", "none", told)
        mart = self._text(said["mart"]).removeprefix("marts.") if "mart" in said else ""
        if mart and mart not in marts:
            self._say(_line(said["mart"]), "unknown_mart", f"a mart of the method {method}: {', '.join(marts)}", mart)
        values: dict[str, Any] = {"kinds": ("original", "quote")} if method == ENGAGEMENT else {}
        name = self._text(said["id"]) if "id" in said else ""
        self._name(said.get("id"), name)
        for key in ("window", "before", "after"):
            if key in said:
                values[key] = self._window(said[key], key)
        before, after = values.get("before"), values.get("after")
        for key in ("before", "after"):
            window = values.get(key)
            if window and (window.first.day != 1 or (window.last + timedelta(days=1)).day != 1):
                told = "Begin on the first of a month and end on the last of one."
                self._say(_line(said[key]), "not_months", "whole months", str(window), told)
        if before and after and before.last >= after.first:
            told = "Let the one end before the other begins."
            self._say(_line(said["after"]), "overlap", f"`after:` from {before.last} on", str(after.first), told)
        for key, known in (("kinds", KINDS), ("by", INTERACTIONS), ("partners", ()), ("names", ())):
            if key in said:
                values[key] = self._texts(said[key], known)
        for key, known in (
            ("take", TAKES),
            ("metric", METRICS),
            ("time_effects", (YEAR, MONTH)),
            ("model", (POISSON, NEGATIVE_BINOMIAL)),
            ("period", (YEAR, MONTH)),
        ):
            if key in said:
                values[key] = self._text(said[key])
                if values[key] not in known:
                    self._say(_line(said[key]), "unknown_value", f"one of {', '.join(known)}", values[key])
        if method == ENGAGEMENT and "repost" in (*values.get("kinds", ()), *values.get("by", ())):
            line = _line(said.get("kinds") or said.get("by"))
            told = "A repost carries the counts of the original."
            self._say(line, "reposts_have_no_engagement", "own posts", "repost", told)
        for key, low, high in (
            ("least_age_days", 0, 3650),
            ("without_top_share", 0, 0.5),
            ("top", 1, 1000),
            ("least_coverage", 0, 1),
        ):
            if key in said:
                number = self._number(said[key], low, high, key)
                values[key] = int(number) if key in ("least_age_days", "top") else number
        if "lags" in said:
            values["lags"] = self._lags(said["lags"])
            if values.get("period") != MONTH:
                told = "Add `period: month`, or take them out: a few years are too few to try several."
                self._say(_line(said["lags"]), "lags_of_years", "lags of months", "lags of years", told)
        threshold = self._threshold(said.get("threshold"), method, values.get("names", ()))
        for key in ("primary", "leave_one_year_out"):
            if key in said:
                word = self._text(said[key]).lower()
                if word not in ("true", "false"):
                    self._say(_line(said[key]), "wrong_shape", "true or false", word)
                values["is_primary" if key == "primary" else key] = word == "true"
        if "indicator" in said:
            values["indicator"] = self._indicator(said["indicator"])
        return Specification(
            id=name,
            reading=self._words(said.get("reading"), node, "the reading"),
            method=method,
            mart=mart,
            threshold=threshold,
            **{"is_primary": False, **values},
        )

    def _lags(self, node: Any) -> tuple[int, ...]:
        """`[first, last]`, both included; positive: the posts come first."""
        texts = self._texts(node)
        try:
            first, last = (int(text) for text in texts)
        except ValueError:
            first, last = 1, 0
        if not -MOST_LAGS <= first <= last <= MOST_LAGS:
            expected = f"`lags: [first, last]`, whole months from -{MOST_LAGS} to {MOST_LAGS}"
            self._say(_line(node), "bad_lags", expected, ", ".join(texts))
            return ()
        return tuple(range(first, last + 1))

    def _threshold(self, node: Any, method: str, names: tuple[str, ...]) -> float:
        if node is None:
            return 0.0
        if method in (VOLUME, ENGAGEMENT):
            return self._number(node, 0.01, 1000, "a ratio")
        if method == COINCIDENCE:
            return self._number(node, 0, 0.99, "a rank correlation")
        if method == RANKING:
            return self._number(node, 1, max(len(names), 1), "a number of the names")
        return self._number(node, 0, 1, "a share of the posts")

    def _indicator(self, node: Any) -> Indicator | None:
        said = self._mapping(node, ("code", "reporter", "geo"), "a series: {code: …, reporter: …, geo: …}")
        found = Indicator(*(self._text(said[key]) if key in said else "" for key in ("code", "reporter", "geo")))
        if self.indicators is not None and found not in self.indicators:
            close = difflib.get_close_matches(found.code, sorted({i.code for i in self.indicators}), n=1)
            near = sorted(i for i in map(str, self.indicators) if i.startswith((found.code, *close)))
            known = near[0] if near else "a code, reporter and geo of marts.fct_indicators"
            self._say(_line(node), "unknown_indicator", f"a known series, such as {known}", str(found))
        return found


def _line(node: Any) -> int:
    return node.start_mark.line + 1 if node is not None else 1
