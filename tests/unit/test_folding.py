"""What theme matching takes for granted of single characters, asked of Unicode for every one of them.

Belongs here: short cuts that are right only while they are right for each character. Does not belong here: whole texts
(test_words.py, tests/integration/test_theme_oracle.py).
"""

from __future__ import annotations

import re
import sys
import unicodedata

import duckdb
import pytest

from tests.sql_macros import evaluate, render

CHARACTERS = [chr(c) for c in range(1, sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]


def joins_with_the_one_before() -> set[str]:
    """The second characters of all canonical compositions, Korean vowels and finals included."""
    pairs = (unicodedata.decomposition(c).split() for c in CHARACTERS)
    seconds = {chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2 and not pair[0].startswith("<")}
    return seconds | {chr(c) for c in range(0x1161, 0x1176)} | {chr(c) for c in range(0x11A8, 0x11C3)}


def test_characters_that_are_passed_by_are_those_that_nfc_leaves_alone() -> None:
    ranges = re.sub(r"\\+x\{([0-9a-f]+)\}", lambda m: re.escape(chr(int(m[1], 16))), render("never_changed_by_nfc"))
    passed_by = re.findall(f"[{ranges}]", "".join(CHARACTERS))
    seconds = joins_with_the_one_before()

    assert len(passed_by) > 50_000  # most of what posts are written in
    assert [
        c for c in passed_by if unicodedata.normalize("NFC", c) != c or unicodedata.combining(c) or c in seconds
    ] == []


@pytest.mark.parametrize(
    "text", ["Cafe\u0301", "\u1100\u1161\u11a8", "a\u0323\u0307", "\u212b", "q\u0307\u0323", "ก\u0e4d\u0e32"]
)
def test_texts_that_change_are_changed(text: str) -> None:
    assert evaluate(render("nfc", "text"), [text]) == [unicodedata.normalize("NFC", text)]


def test_no_letter_hides_from_the_search_without_case() -> None:
    """Lower case decides what is a hit: a letter whose small form is searched must be found, or be in the list of those
    that make a text a candidate anyway (`may_hold_a_term`)."""
    with duckdb.connect() as con:
        hidden = con.execute(
            r"""
            select c
            from (select unnest($1) as c)
            where lower(c) <> c
                and not regexp_matches(c, '^(?i)' || regexp_escape(lower(c)) || '$')
                and not regexp_matches(c, '[\x{0130}\x{0300}-\x{036f}\x{ff10}-\x{ff5a}]')
            """,
            [CHARACTERS],
        ).fetchall()
    assert hidden == []
