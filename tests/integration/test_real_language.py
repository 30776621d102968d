"""Languages that texts of real accounts are taken for, beside what the platform states.

The figures of docs/explanation/words.md come from here: `python -m pytest tests/integration/test_real_language.py -s`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from orchestration.text.language import Identifier
from tests.models import Warehouse

pytestmark = pytest.mark.realdata

DECLARING = ("un_official_snscrape", "v2_academictwitter_reuters", "v11_travelban_dev", "twint_orgs_dev")
LANGUAGES_AND_TEXTS = """
select file_name, language, text from raw.snscrape_posts inner join raw.captures using (capture_id)
union all select 'twint', lang, text from raw.twint_posts
union all select 'v2', lang, text from raw.x_api_v2_posts
union all select 'v11', lang, coalesce(full_text, text) from raw.x_api_v11_posts
"""


@pytest.fixture(scope="module")
def posts(shared_data: Path) -> list[tuple[str, str | None, str]]:
    """Where each delivered text comes from, and the language that its platform states."""
    packages = [shared_data / f"{name}.zip" for name in (*DECLARING, "jokowi_snscrape")]
    return Warehouse(packages).rows(f"select * from ({LANGUAGES_AND_TEXTS}) where text <> ''")


def taken_for(texts: list[str], what: str) -> Counter[str | None]:
    identifier = Identifier(["id", "en"])
    found = Counter(identifier.identify(text).tag for text in texts)
    print(f"\n{what}: {len(texts):,} texts, taken for {dict(found.most_common())}")
    return found


def test_texts_that_the_platform_calls_english_are_taken_for_english(posts: list[tuple]) -> None:
    found = taken_for([text for _, language, text in posts if language == "en"], "declared en")
    assert found["en"] > 6_800
    assert found["id"] <= 2 and found[None] <= 20


def test_texts_of_an_indonesian_account_are_taken_for_indonesian_unless_they_are_english(posts: list[tuple]) -> None:
    texts = [text for file_name, _, text in posts if file_name == "jokowi_snscrape.zip"]
    found = taken_for(texts, "jokowi_snscrape, no language stated")
    assert found["id"] > 3_930
    # What is taken for English holds at least two of the commonest words of English.
    identifier = Identifier(["id", "en"])
    common = {"the", "of", "and", "to", "in", "is", "for", "we"}
    english = [text for text in texts if identifier.identify(text).tag == "en"]
    assert len(english) > 50
    assert all(sum(word in common for word in text.lower().split()) >= 2 for text in english)


def test_other_scripts_are_not_taken_for_the_languages_of_the_study(posts: list[tuple]) -> None:
    other = [text for _, language, text in posts if language in ("ru", "ja", "ar", "ko", "bg", "uk")]
    assert len(other) > 3_000
    assert set(taken_for(other, "declared ru, ja, ar, ko, bg, uk")) == {None}


def test_other_languages_in_latin_letters_are_taken_for_one_of_the_study(posts: list[tuple]) -> None:
    """A known limit, written down so that it is seen when it goes."""
    latin = [text for _, language, text in posts if language in ("fr", "pt", "de", "es")]
    found = taken_for(latin, "declared fr, pt, de, es")
    assert found["en"] > 0.9 * len(latin)
