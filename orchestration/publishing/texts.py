"""What the pages for readers say, in English and Indonesian at once.

Belongs here: a text in two languages, how it is put together from parts, and how numbers and dates look in each.
Does not belong here: the Indonesian words (see `indonesian`), and what is data: names, codes, texts of the file.

The English text in the code is the key. A text without Indonesian is an error, not an English sentence on the
Indonesian page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from orchestration.publishing import pages
from orchestration.publishing.indonesian import INDONESIAN, MONTHS

# 1,234.5 is 1.234,5 in Indonesian
SEPARATORS = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Text:
    """The same said in English and in Indonesian; in a template, a pair of which the page shows one."""

    en: str
    id: str

    def __bool__(self) -> bool:
        return bool(self.en)

    def __html__(self) -> str:
        return _pair(escape(self.en), escape(self.id))

    @property
    def marked(self) -> Markup:
        """With its `code` set as code and its **words** set strong."""
        return Markup(_pair(*(pages.prose(text, strong=True) for text in (self.en, self.id))))

    @property
    def label(self) -> Markup:
        """The name of a thing for who does not see it; the switch of the page changes it with the language."""
        return Markup('aria-label="{}" data-id="{}"').format(self.en, self.id)


def say(english: str, **values: Any) -> Text:
    """A text of the catalogue with its values: whole numbers and dates as each language writes them.

    Raises:
        KeyError: The catalogue has no Indonesian for it.
    """
    if english not in INDONESIAN:
        raise KeyError(f"{english!r}: expected its Indonesian in orchestration/publishing/indonesian.py; found none")
    indonesian = INDONESIAN[english]
    if not values:
        return Text(english, indonesian)
    both = {name: written(value) for name, value in values.items()}
    return Text(
        english.format(**{name: text.en for name, text in both.items()}),
        indonesian.format(**{name: text.id for name, text in both.items()}),
    )


def written(value: Any) -> Text:
    """A value as text: words of the data stay as they are."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        return Text(value, value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return number(value)
    raise TypeError(f"{value!r}: expected text, a whole number or a date; found {type(value).__name__}")


def counted(count: int, one: str, many: str) -> Text:
    """`1 post`, `2 posts`: `one` and `many` hold the place of the number as `{n}`."""
    return say(one if count == 1 else many, n=count)


def words(*found: str) -> dict[str, Text]:
    """Words as the published file writes them, with what they are in Indonesian."""
    return {word: Text(word, say(word.replace("_", " ")).id) for word in found}


def numbers(text: str) -> Text:
    """Numbers that the file holds as text: `0.87 to 1,200` and `0,87 sampai 1.200`."""
    return Text(text, text.translate(SEPARATORS).replace(" to ", " sampai "))


def joined(separator: str, parts: Iterable[Any]) -> Text:
    """Parts as one text; empty ones are left out."""
    kept = [text for text in map(written, parts) if text]
    return Text(separator.join(text.en for text in kept), separator.join(text.id for text in kept))


def sentences(*parts: Any) -> Text:
    """Sentences one after the other; empty ones are left out."""
    return joined(" ", parts)


def number(value: int | float | None) -> Text:
    """`12,345` and `12.345`; a missing value is a dash in both."""
    english = pages.number(value)
    return Text(english, english.translate(SEPARATORS))


def decimals(value: float) -> Text:
    """A measure between -1 and 1 with three digits: `0.995` and `0,995`; two would round it to 1."""
    english = f"{value:.3f}"
    return Text(english, english.translate(SEPARATORS))


def share(value: float | None) -> Text:
    """`12.3 %` and `12,3 %`."""
    english = pages.share(value)
    return Text(english, english.translate(SEPARATORS))


def month(value: date) -> Text:
    return Text(f"{value:%B %Y}", f"{MONTHS[value.month - 1]} {value.year}")


def day(value: date | None) -> Text:
    if value is None:
        return Text("–", "–")
    return Text(pages.day(value), f"{value.day} {MONTHS[value.month - 1]} {value.year}")


def _pair(english: str, indonesian: str) -> str:
    if english == indonesian:
        return str(english)
    return f'<span lang="en">{english}</span><span lang="id">{indonesian}</span>'


# Words of the file that more than one page shows.
SEVERITIES = words("critical", "warning")
DIMENSIONS = words("accuracy", "completeness", "consistency", "timeliness", "validity", "uniqueness", "integrity")

# What every template may say.
IN_TEMPLATES = {
    "say": say,
    "counted": counted,
    "sentences": sentences,
    "joined": joined,
    "number": number,
    "share": share,
    "day": day,
}
