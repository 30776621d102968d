"""The figures of bench/results/crisislex.md are those of the rules as they are."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from bench.crisislex import CODEBOOK, NOT_CODED, PACKAGE, RESULTS, TYPES, by_rules, macro, posts_of, scores
from orchestration.codebook import check, read_text

pytestmark = pytest.mark.realdata


def test_the_posts_are_those_that_were_coded(shared_data: Path) -> None:
    expected = json.loads((shared_data / "expected" / f"{PACKAGE}.json").read_text("utf-8"))["information_type"]
    counted = Counter(TYPES[post.code] for post in posts_of(shared_data / f"{PACKAGE}.zip"))
    assert counted == {name: count for name, count in expected.items() if name != NOT_CODED}


def test_the_rules_find_what_the_page_says(shared_data: Path) -> None:
    posts = [post for post in posts_of(shared_data / f"{PACKAGE}.zip") if not post.is_tuned]
    found = scores(posts, by_rules([post.text for post in posts]))
    page = RESULTS.read_text("utf-8")
    for code, name in TYPES.items():
        cells = re.search(rf"^\| {name} \|.*$", page, re.M)[0].split("|")
        assert cells[7].strip() == f"**{found[code].f1:.2f}**", name
    assert f"| macro-F1 of the seven | | | 0.52 | | | **{macro(found):.2f}** |" in page


def test_the_codebook_has_no_error() -> None:
    found, problems = check(read_text(CODEBOOK))
    assert found is not None
    assert not [problem for problem in problems if problem.severity == "error"]
