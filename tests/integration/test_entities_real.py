"""Text extraction beside what others say: the public conformance suite, and the marks of the platform in real exports.

The numbers are exact on purpose. A rule that helps one case and spoils another moves one of them, and a case that
begins to pass has to be written down as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from bench.entities import agreement, posts_of
from tests.conformance import PACKAGE, Kind, compare, hashtags_sql, mentions_sql

pytestmark = pytest.mark.realdata

CASES = {
    "mentions": 23,
    "mentions_with_indices": 3,
    "mentions_or_lists_with_indices": 5,
    "replies": 13,
    "urls": 91,
    "urls_with_indices": 10,
    "urls_with_directional_markers": 2,
    "tco_urls_with_params": 5,
    "hashtags": 65,
    "hashtags_from_astral": 3,
    "hashtags_with_indices": 8,
    "cashtags": 8,
    "cashtags_with_indices": 2,
}

# Kind: descriptions of cases that are known to fail.
KNOWN_FAILURES: dict[str, set[str]] = {}


@pytest.fixture(scope="module")
def kinds(shared_data: Path) -> dict[str, Kind]:
    if not (shared_data / PACKAGE).is_file():
        pytest.skip(f"the real package {PACKAGE} is not here")
    return {kind.name: kind for kind in compare(shared_data / PACKAGE)}


def test_every_kind_of_the_suite_is_compared(kinds: dict[str, Kind]) -> None:
    assert {name: kind.cases for name, kind in kinds.items()} == CASES


@pytest.mark.parametrize("name", CASES)
def test_conformance_fails_where_it_is_known_to_and_nowhere_else(kinds: dict[str, Kind], name: str) -> None:
    assert set(kinds[name].failures) == KNOWN_FAILURES.get(name, set())
    assert kinds[name].passed == CASES[name] - len(KNOWN_FAILURES.get(name, set()))


# Package: (texts, texts whose hashtags differ, tags only in the text), and the same for mentions. Nothing that the
# platform marked is missed, and everything stands where the platform says. What only the text shows are accounts that
# no longer exist, and tags that the platform did not know yet or cut off.
MEASURED = {
    "grailbird_landsurveyorsu": ((79_138, 5, 9), (79_138, 280, 312)),
    "ytd_andreruffert": ((1_743, 2, 2), (1_743, 71, 72)),
    "v2_twarc": ((855, 0, 0), (855, 45, 48)),
    "congress_v11_half0": ((48_931, 1, 1), (48_931, 194, 196)),
}


@cache
def _posts(folder: Path, package: str) -> list:
    return posts_of(folder, package)


@pytest.mark.parametrize("package", MEASURED)
@pytest.mark.parametrize(
    ("kind", "word", "expression"), [("hashtags", "tag", hashtags_sql), ("mentions", "handle", mentions_sql)]
)
def test_text_finds_all_that_the_platform_marked(
    shared_data: Path, package: str, kind: str, word: str, expression: Callable[[], str]
) -> None:
    if not (shared_data / f"{package}.zip").is_file():
        pytest.skip(f"the real package {package} is not here")
    found = agreement(_posts(shared_data, package), expression(), kind, word)
    assert found.only_marked == 0
    both, same_place = found.placed
    assert both == same_place
    measured = MEASURED[package][0 if kind == "hashtags" else 1]
    assert (found.posts, found.posts - found.equal, found.only_text) == measured
