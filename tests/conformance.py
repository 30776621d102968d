"""Text extraction beside the public twitter-text conformance suite: `python -m tests.conformance` prints the table.

Belongs here: which macro answers which kind of case, and the comparison. Does not belong here: cases of our own
(tests/unit/test_entities.py). The suite (Apache-2.0) is one of the real packages: read where it lies, never copied.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.fixtures.shared import VARIABLE, find_shared_data
from tests.sql_macros import evaluate, render

PACKAGE = "twitter_text_conformance.zip"
CASES = "conformance/extract.yml"


def hashtags_sql(text: str = "text") -> str:
    """Hashtags the way the models ask for them: URLs hidden first."""
    return f"(select {render('hashtags_in', 'visible')} from (select {render('hide_urls', text)} as visible))"


def mentions_sql(text: str = "text") -> str:
    """Mentions the way the models ask for them: URLs hidden first."""
    return f"(select {render('mentions_in', 'visible')} from (select {render('hide_urls', text)} as visible))"


def _words(field: str) -> Callable[[list[dict]], list[str]]:
    return lambda found: [entity[field] for entity in found]


def _placed(**names: str) -> Callable[[list[dict]], list[dict]]:
    """The suite's way to write entities with their places; `names` are its field names and ours."""
    return lambda found: [
        {**{theirs: entity[ours] for theirs, ours in names.items()}, "indices": [entity["start"], entity["end"]]}
        for entity in found
    ]


# Kind of case: the expression, and how its value is written in the suite.
KINDS: dict[str, tuple[Callable[[], str], Callable[[Any], Any]]] = {
    "hashtags": (hashtags_sql, _words("tag")),
    "hashtags_from_astral": (hashtags_sql, _words("tag")),
    "hashtags_with_indices": (hashtags_sql, _placed(hashtag="tag")),
    "mentions": (mentions_sql, _words("handle")),
    "mentions_with_indices": (mentions_sql, _placed(screen_name="handle")),
    "mentions_or_lists_with_indices": (
        lambda: render("mentions_and_lists_in", "text"),
        _placed(screen_name="handle", list_slug="list_slug"),
    ),
    "replies": (lambda: render("reply_handle_in", "text"), lambda handle: handle),
    "urls": (lambda: render("urls_in", "text"), _words("url")),
    "urls_with_indices": (lambda: render("urls_in", "text"), _placed(url="url")),
    "urls_with_directional_markers": (lambda: render("urls_in", "text"), _placed(url="url")),
    "tco_urls_with_params": (lambda: render("urls_in", "text"), _words("url")),
    "cashtags": (lambda: render("cashtags_in", "text"), _words("symbol")),
    "cashtags_with_indices": (lambda: render("cashtags_in", "text"), _placed(cashtag="symbol")),
}


@dataclass(frozen=True)
class Kind:
    """How one kind of case came out.

    Args:
        name: The suite's word for it.
        cases: How many there are.
        failures: The descriptions of those that failed, as the suite writes them.
    """

    name: str
    cases: int
    failures: tuple[str, ...]

    @property
    def passed(self) -> int:
        return self.cases - len(self.failures)


def compare(package: Path) -> list[Kind]:
    """Every kind of case of the suite, in its order.

    Raises:
        KeyError: When the suite holds a kind that no macro answers.
    """
    with zipfile.ZipFile(package) as archive:
        suite = yaml.safe_load(archive.read(CASES))["tests"]
    kinds = []
    for name, cases in suite.items():
        expression, written = KINDS[name]
        values = evaluate(expression(), [case["text"] for case in cases])
        failures = [
            case["description"] for case, value in zip(cases, values, strict=True) if written(value) != case["expected"]
        ]
        kinds.append(Kind(name, len(cases), tuple(failures)))
    return kinds


def main() -> int:
    folder = find_shared_data()
    if folder is None or not (folder / PACKAGE).is_file():
        print(
            f"The conformance suite is not here: {PACKAGE} is looked for in the folder named by {VARIABLE}, "
            "or in ../shared/data. Nothing was compared."
        )
        return 0
    kinds = compare(folder / PACKAGE)
    print(f"{'kind':<32}{'cases':>6}{'passed':>8}")
    for kind in kinds:
        print(f"{kind.name:<32}{kind.cases:>6}{kind.passed:>8}")
        for description in kind.failures:
            print(f"    failed: {description}")
    print(f"{'all':<32}{sum(k.cases for k in kinds):>6}{sum(k.passed for k in kinds):>8}")
    return 0 if all(not kind.failures for kind in kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
