"""The text of a post that is delivered as HTML, as its author wrote it, and what its links are.

Belongs here: paragraphs, line ends, entities, the kinds of links of the Fediverse, their places in the text.
Does not belong here: whose posts they are; reading of files.

Mastodon writes a plain text as HTML: a blank line becomes a paragraph, a line end `<br>`, an address a link whose ends
are hidden (`invisible`) for show. Undoing this gives the text back. Other programs of the Fediverse send more (lists,
headings, quotations): each such block stands on lines of its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from typing import NamedTuple

# Line ends that a block begins and ends with.
_BLOCKS = {
    **dict.fromkeys(("p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table"), 2),
    **dict.fromkeys(("li", "div", "tr", "dt", "dd"), 1),
}
_VOID = ("br", "hr", "img")
# What programs add for readers that know less than they do: an address for a quoted post, the brackets of ruby.
_NOT_WRITTEN = frozenset({"quote-inline"})
_NOT_SHOWN = ("script", "style", "rp")
# A line end within HTML is a blank; blanks without one are what the author typed.
_SOURCE_LINE_END = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")


class Link(NamedTuple):
    """A link in a text: `hashtag`, `mention` or `link`; its words, where it leads, its place in code points."""

    kind: str
    text: str
    href: str
    start: int
    end: int


class PostText(NamedTuple):
    """A text with the links in it, in their order."""

    text: str
    links: tuple[Link, ...]


# Tags as Mastodon itself writes them: paragraphs, line ends, links and what is around their words, and no attribute in
# which anything but `&` is written as an entity.
_PLAIN_TAG = re.compile(r'(?:p|a|span)(?: [a-z-]+="(?:[^"&<>]|&amp;)*+")*+')
_PARAGRAPHS, _LINE_ENDS, _NO_MEANING = ("p", "/p"), ("br", "br /", "br/"), ("span", "/span")
_TAG = re.compile("<([^>]*)>")
_WHOLE_ANCHOR = re.compile("(<a(?: [^<>]*)?>[^<>]*(?:</?span(?: [^<>]*)?>[^<>]*)*</a>)")
_ATTRIBUTE = re.compile(' ([a-z-]+)="([^"]*)"')


def read_html(html: str) -> PostText:
    """The text of a post's HTML. Nothing is refused: what is no HTML is text."""
    plain = _read_plain(html)
    if plain is not None:
        return plain
    try:
        return _read(html)
    except AssertionError:  # what the parser of Python 3.11 raises at `<![` of no known kind
        return _read(html.replace("<!", "&lt;!"))


# Paragraphs of words and line ends, without a link: half of the texts of a real server (rtoot's, 2026-11-26). Blanks
# alone between tags, line ends of the source and rarer entities are left to the parser.
_WORDS = r"(?:[^<>&\s]|[ \t]|&(?:amp|lt|gt|quot|#39);)*"
_SOME_WORDS = rf"[ \t]*(?:[^<>&\s]|&(?:amp|lt|gt|quot|#39);){_WORDS}"
_WITHOUT_LINKS = rf"(?:<p>{_SOME_WORDS}(?:<br ?/?>{_SOME_WORDS})*</p>)+"


def is_without_links_sql(html: str) -> str:
    """The condition that dbt's macro `post_text_without_links` reads this HTML as `read_html` does."""
    # the cheap question first: it spares half of the texts the dear one
    return f"(not contains({html}, '<a ') and regexp_full_match({html}, '{_WITHOUT_LINKS}'))"


def _read(html: str) -> PostText:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.result()


def _read_plain(html: str) -> PostText | None:
    """The text of HTML as Mastodon itself writes it, as `_Reader` gives it, in a fourth of its time; else None.

    Each different text of a capture passes here: with the parser of any HTML a load of 200,000 posts took 12 times a
    bare read of them (2026-11-26).
    """
    if "quote-inline" in html:
        return None
    parts: list[str] = []
    links: list[Link] = []
    length = pending = 0
    link: tuple[str, str, int, int] | None = None  # kind, address, where it begins in the text and in `parts`
    for number, piece in enumerate(_WHOLE_ANCHOR.split(html)):
        anchor = _whole_anchor(piece) if number % 2 else None
        if anchor is not None:
            if link is not None:
                links += _link(*link[:3], "".join(parts[link[3] :]))
                link = None
            if pending and length:
                parts.append("\n" * pending)
                length += pending
            pending = 0
            kind, href, words = anchor
            links += _link(kind, href, length, words)
            if words:
                parts.append(words)
                length += len(words)
            continue
        tokens = _TAG.split(piece)
        if piece.count("<") != len(tokens) // 2:
            return None
        for at in range(0, len(tokens), 2):
            words = tokens[at]
            tag = tokens[at - 1] if at else "span"
            if tag in _PARAGRAPHS:
                pending = 2
            elif tag in _LINE_ENDS:
                parts.append("\n" * (pending + 1) if length else "\n")
                length += len(parts[-1])
                pending = 0
            elif tag == "/a":
                if link is not None:
                    links += _link(*link[:3], "".join(parts[link[3] :]))
                    link = None
            elif tag not in _NO_MEANING:
                if not _is_plain_tag(tag):
                    return None
                if tag[0] == "p":
                    pending = 2
                elif tag[0] == "a":
                    if link is not None:
                        links += _link(*link[:3], "".join(parts[link[3] :]))
                    if pending and length:
                        parts.append("\n" * pending)
                        length += pending
                    pending = 0
                    link = (*_anchor(tag), length, len(parts))
            if "&" in words:
                words = unescape(words)
            if not words:
                continue
            if "\n" in words or "\r" in words:
                words = _SOURCE_LINE_END.sub(" ", words)
            if words[0] == " " and not words.strip(" ") and (pending or not length or parts[-1].endswith("\n")):
                continue
            if pending and length:
                parts.append("\n" * pending)
                length += pending
            pending = 0
            parts.append(words)
            length += len(words)
    if link is not None:
        links += _link(*link[:3], "".join(parts[link[3] :]))
    return PostText("".join(parts).rstrip("\n"), tuple(links))


# An account writes the same hashtags, names the same accounts, and its posts hide the same ends of links.
@lru_cache(maxsize=1 << 14)
def _is_plain_tag(tag: str) -> bool:
    return _PLAIN_TAG.fullmatch(tag) is not None


@lru_cache(maxsize=1 << 14)
def _anchor(tag: str) -> tuple[str, str]:
    """Kind and address of the link that a plain tag begins."""
    attributes = {name: value.replace("&amp;", "&") for name, value in _ATTRIBUTE.findall(tag)}
    return _kind_of(attributes.get("class", "").split(), attributes), attributes.get("href", "")


@lru_cache(maxsize=1 << 14)
def _whole_anchor(html: str) -> tuple[str, str, str] | None:
    """Kind, address and words of a link, or None where what stands around it has a say in its words."""
    tokens = _TAG.split(html)
    if html.count("<") != len(tokens) // 2 or not all(
        tag in _NO_MEANING or tag == "/a" or _is_plain_tag(tag) for tag in tokens[1::2]
    ):
        return None
    pieces = [unescape(words) if "&" in words else words for words in tokens[2:-1:2]]
    if any((words and not words.strip(" ")) or "\n" in words or "\r" in words for words in pieces):
        return None
    return (*_anchor(tokens[1]), "".join(pieces))


def _link(kind: str, href: str, start: int, words: str) -> list[Link]:
    """A link that has ended; none when it has no words."""
    if not words:
        return []
    if kind == "hashtag" and words[0] not in "#＃":
        kind = "link"
    return [Link(kind, words, href, start, start + len(words))]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)  # entities are undone here, once
        self._parts: list[str] = []
        self._length = 0
        self._pending = 0  # line ends before the next words
        self._hidden: list[str] = []  # open elements within one that is not written
        self._verbatim = 0
        self._link: tuple[str, str, int] | None = None
        self._links: list[Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        classes = attributes.get("class", "").split()
        if self._hidden or tag in _NOT_SHOWN or _NOT_WRITTEN.intersection(classes):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        if tag == "br":
            self._write("\n")
        elif tag == "img":
            self._write(attributes.get("alt", ""))
        elif tag == "a":
            self._close_link()
            self._write("")
            self._link = (_kind_of(classes, attributes), attributes.get("href", ""), self._length)
        elif tag in _BLOCKS:
            self._pending = max(self._pending, _BLOCKS[tag])
            self._verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            while tag in self._hidden and self._hidden.pop() != tag:
                pass
        elif tag == "a":
            self._close_link()
        elif tag in _BLOCKS:
            self._pending = max(self._pending, _BLOCKS[tag])
            self._verbatim = max(0, self._verbatim - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._verbatim:
            data = _SOURCE_LINE_END.sub(" ", data)
            at_start = self._pending or not self._length or self._parts[-1].endswith("\n")
            if at_start:
                data = data.lstrip(" ") if data.startswith(" ") and not data.strip(" ") else data
        if data:
            self._write(data)

    def _write(self, text: str) -> None:
        if self._pending and self._length:
            self._add("\n" * self._pending)
        self._pending = 0
        self._add(text)

    def _add(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._length += len(text)

    def _close_link(self) -> None:
        if self._link is None:
            return
        kind, href, start = self._link
        self._link = None
        self._links += _link(kind, href, start, "".join(self._parts)[start:])

    def result(self) -> PostText:
        self._close_link()
        return PostText("".join(self._parts).rstrip("\n"), tuple(self._links))


def _kind_of(classes: list[str], attributes: dict[str, str]) -> str:
    """Mastodon marks hashtags as mentions, too; other programs mark them by `rel` alone."""
    if "hashtag" in classes or "tag" in attributes.get("rel", "").split():
        return "hashtag"
    return "mention" if "mention" in classes else "link"
